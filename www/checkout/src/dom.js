/** The element with this id: the page and its script are one, so it is there. */
export function byId(id) {
  return document.getElementById(id);
}

/** Builds an element. Children that are text stay text, whatever is in them. */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'class') node.className = value;
    else if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== undefined));
  return node;
}

/** A drawing that says nothing which the text beside it doesn't. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', 'icon');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

/** A list of terms; rows without a value are left out. */
export function facts(rows) {
  return element(
    'dl',
    { class: 'facts' },
    ...rows
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([term, value, tag = 'span']) =>
        element('div', {}, element('dt', {}, term), element('dd', {}, element(tag, {}, String(value)))),
      ),
  );
}

const SVG = 'http://www.w3.org/2000/svg';

const ICONS = {
  sent: 'M5 12h13M12.5 6.5L18 12l-5.500 5.500',
  again: 'M19 12a7 7 0 1 1-2.200-5.100M19 4.500v4h-4',
  eye: 'M2.5 12s3.5-6.5 9.5-6.5 9.5 6.5 9.5 6.5-3.5 6.5-9.5 6.5S2.5 12 2.5 12zM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z',
  eyeCrossed: 'M2.5 12s3.5-6.5 9.5-6.5 9.5 6.5 9.5 6.5-3.5 6.5-9.5 6.5S2.5 12 2.5 12zM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM4.5 4.5l15 15',
  good: 'M5 12.5l4.5 4.5L19 7.5',
  bad: 'M12 3.5l7 2.5v5.5c0 4.200-2.800 7.5-7 9-4.200-1.5-7-4.800-7-9V6zM9.5 9.5l5 5M14.5 9.5l-5 5',
  unsure: 'M12 7v6M12 16.700v.1M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 0 0 0-17z',
  offline: 'M4 4l16 16M8.5 16a5 5 0 0 1 7 0M5 12.5a10 10 0 0 1 4-2.400M13.5 9.700a10 10 0 0 1 5.5 2.800M12 19.5v.1',
};
