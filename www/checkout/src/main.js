import { loadConfig } from './config.js';
import { developerView } from './developer.js';
import { byId, element } from './dom.js';
import { experiments } from './experiments.js';
import { keyCheck } from './key-check.js';
import { keyField } from './key-field.js';
import { money, PRICES } from './money.js';
import { outcomeCard, setUpNotice } from './outcome.js';
import { loadGuard, openSession } from './session.js';

const form = byId('pay-form');
const quantity = byId('quantity');
const otherKey = keyField('other-key');
const onEvent = developerView();

showCurrencies();
showSums();
// The quantity is of the form, but stands outside it, where its events don't pass.
for (const part of [form, quantity]) part.addEventListener('input', showSums);
quantity.addEventListener('change', tidyQuantity);
byId('fewer').addEventListener('click', () => changeQuantity(-1));
byId('more').addEventListener('click', () => changeQuantity(+1));
form.addEventListener('change', showPayer);
showPayer();

const config = await loadConfig().catch(() => undefined);
if (config) open(config);
else stayClosed();

function open({ edge, key }) {
  byId('shop-key').textContent = key;
  keyCheck({ edge, key });
  experiments({ edge, key, onEvent });
  showMode({ edge, key });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    pay({ edge, key });
  });
}

function stayClosed() {
  form.addEventListener('submit', (event) => event.preventDefault());
  byId('pay').disabled = true;
  byId('shop-key').textContent = 'none';
  byId('outcome').replaceChildren(setUpNotice());
}

// --- Paying ----------------------------------------------------------------------------------------

/** The same order keeps its name when it is tried again, so that an API can tell the two from one. */
let attempt = { order: '', name: '' };

async function pay({ edge, key }) {
  // The button keeps the focus while it works, so it is not disabled; a second press does nothing.
  if (form.ariaBusy === 'true') return;
  const order = { ...sums(), reference: `Dune table lamp × ${quantity.value}` };
  if (attempt.order !== JSON.stringify(order)) {
    attempt = { order: JSON.stringify(order), name: crypto.randomUUID() };
  }
  const progress = byId('progress');
  form.ariaBusy = 'true';
  byId('pay-label').textContent = 'Opening a session…';
  byId('outcome').replaceChildren();
  progress.textContent = 'Opening a payment session';

  const payer = new FormData(form).get('payer');
  const outcome = await openSession({ key: payer === 'other' ? otherKey.value : key, edge, onEvent, order, attempt: attempt.name });

  progress.textContent = '';
  form.ariaBusy = null;
  showSums();
  byId('outcome').replaceChildren(outcomeCard(outcome, startAgain));
  showForm(outcome.kind !== 'created');
  // Reads the result to those who can't see it, and brings it into view for those who can.
  byId('outcome').firstElementChild.focus();
}

function startAgain() {
  attempt = { order: '', name: '' };
  byId('outcome').replaceChildren();
  showForm(true);
  byId('payment').focus();
}

/** What was paid for can't be changed any more. */
function showForm(shown) {
  form.hidden = !shown;
  byId('quantity-row').hidden = !shown;
}

// --- The order -------------------------------------------------------------------------------------

function sums() {
  const currency = new FormData(form).get('currency');
  return { amount: PRICES[currency] * count(), currency };
}

function count() {
  const value = Math.trunc(quantity.valueAsNumber);
  return Number.isNaN(value) ? 1 : Math.min(Math.max(value, Number(quantity.min)), Number(quantity.max));
}

function tidyQuantity() {
  quantity.value = count();
}

function changeQuantity(step) {
  quantity.value = count() + step;
  tidyQuantity();
  showSums();
}

// --- What is shown ---------------------------------------------------------------------------------

function showCurrencies() {
  byId('currencies').append(
    ...Object.keys(PRICES).map((currency, index) =>
      element(
        'label',
        { class: 'segment' },
        element('input', { type: 'radio', name: 'currency', value: currency, ...(index === 0 && { checked: '' }) }),
        element('span', {}, currency),
      ),
    ),
  );
}

function showSums() {
  const { amount, currency } = sums();
  byId('line-label').textContent = `${money(PRICES[currency], currency)} × ${count()}`;
  byId('line-sum').textContent = money(amount, currency);
  byId('total').textContent = money(amount, currency);
  byId('pay-label').textContent = `Pay ${money(amount, currency)}`;
  byId('fewer').ariaDisabled = String(count() === Number(quantity.min));
  byId('more').ariaDisabled = String(count() === Number(quantity.max));
}

function showPayer() {
  const other = new FormData(form).get('payer') === 'other';
  byId('other-key-field').hidden = !other;
  otherKey.required = other;
}

async function showMode({ edge, key }) {
  try {
    const { mode } = await loadGuard({ edge, key });
    byId('mode').textContent = mode === 'test' ? 'Test mode' : 'Live mode';
    byId('mode').hidden = false;
  } catch (error) {
    // The shop's own key: better said now than when somebody pays.
    byId('outcome').replaceChildren(outcomeCard({ kind: 'stopped', error }));
  }
}
