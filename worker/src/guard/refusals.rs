//! The refusals of late: most callers get the same one again and again, and what is the same of them crosses into JavaScript once.

use std::cell::RefCell;

use keyguard::{Problem, RequestUrl, policy::Cors, policy::EXPOSED_HEADERS};
use web_sys::Response;

use super::{
    exchange::Exchange,
    log::{self, Subject},
    runtime,
};

/// A problem document, readable for a page if the policy lets its origin read, and its line in the log.
pub(crate) fn answer(
    exchange: &Exchange<'_>,
    problem: &Problem,
    cors: Option<&Cors>,
    subject: &Subject,
) -> Response {
    let id = exchange.facts.request_id;
    let url = exchange.url();
    let instance = url.as_ref().and_then(RequestUrl::instance);
    let origin = exchange.facts.origin.and_then(|origin| cors?.allow_origin(origin));
    let line = || log::refused(exchange, problem, subject);
    let place = instance.and_then(|path| part_of(exchange.facts.url, path));
    if instance.is_some() && place.is_none() {
        let text = text(problem, id, &line(), origin, instance);
        return runtime::refuse(exchange.call, NO_SLOT, problem.status(), Some(&text), None, 0, 0);
    }
    // Whose key it was is another's with each request.
    let own_line = (!matches!(subject, Subject::Unknown)).then(line);
    let shape = Shape {
        problem,
        origin,
        has_instance: instance.is_some(),
        line: own_line.is_none().then(|| (exchange.facts.method, exchange.duration_ms())),
    };
    let (slot, is_known) = SHAPES.with_borrow_mut(|shapes| shapes.slot(&shape));
    // The request's id stands for the path, too: where it is, JavaScript puts in what belongs there.
    let text = (!is_known).then(|| {
        let line = if own_line.is_none() { line() } else { String::new() };
        text(problem, id, &line, origin, instance.map(|_| id))
    });
    let (from, to) = place.unwrap_or_default();
    runtime::refuse(
        exchange.call,
        slot,
        problem.status(),
        text.as_deref(),
        own_line.as_deref(),
        from,
        to,
    )
}

/// A refusal, a field a line. No field holds a line feed: no header may, and JSON escapes it.
fn text(
    problem: &Problem,
    id: &str,
    line: &str,
    origin: Option<&str>,
    instance: Option<&str>,
) -> String {
    let fields = [
        line,
        &problem.challenge().unwrap_or_default(),
        problem.retry_after().unwrap_or_default(),
        &problem.rate_limit().unwrap_or_default(),
        &problem.rate_limit_policy().unwrap_or_default(),
        origin.unwrap_or_default(),
        origin.map_or("", |_| EXPOSED_HEADERS),
        &problem.document(instance, id),
    ];
    fields.join("\n")
}

/// From where to where its URL has a path, if it can stand in a JSON string as it is.
fn part_of(url: &str, path: &str) -> Option<(u32, u32)> {
    let is_plain = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
    let authority = url.find("://")?.checked_add(3)?;
    let from = url.get(authority..)?.find('/')?.checked_add(authority)?;
    let rest = url.get(from..)?;
    let to = from.checked_add(path.len())?;
    // JavaScript counts in other units.
    let is_ascii = url.get(..from)?.is_ascii();
    let is_there = is_ascii && rest.starts_with(path) && path.bytes().all(is_plain);
    is_there.then_some((from.try_into().ok()?, to.try_into().ok()?))
}

/// All that decides what is the same of two refusals.
struct Shape<'a> {
    problem: &'a Problem,
    origin: Option<&'a str>,
    has_instance: bool,
    /// What the line in the log says beside that, where it is the shape's.
    line: Option<(&'a str, u64)>,
}

/// A shape that has crossed.
struct Known {
    problem: Problem,
    origin: Option<String>,
    has_instance: bool,
    line: Option<(String, u64)>,
}

impl Known {
    fn is(&self, shape: &Shape<'_>) -> bool {
        let line = self.line.as_ref().map(|(method, duration)| (method.as_str(), *duration));
        self.has_instance == shape.has_instance
            && line == shape.line
            && self.origin.as_deref() == shape.origin
            && self.problem == *shape.problem
    }

    fn of(shape: &Shape<'_>) -> Self {
        Self {
            problem: shape.problem.clone(),
            origin: shape.origin.map(str::to_owned),
            has_instance: shape.has_instance,
            line: shape.line.map(|(method, duration)| (method.to_owned(), duration)),
        }
    }
}

/// The shapes that JavaScript knows, by the slot that it keeps each in.
struct Shapes {
    known: Vec<Known>,
    next: usize,
}

impl Shapes {
    /// The slot of a shape, and whether it was there; one that was not takes the place of the oldest.
    fn slot(&mut self, shape: &Shape<'_>) -> (u32, bool) {
        if let Some(slot) = self.known.iter().position(|known| known.is(shape)) {
            return (number(slot), true);
        }
        let slot = self.next;
        match self.known.get_mut(slot) {
            Some(oldest) => *oldest = Known::of(shape),
            None => self.known.push(Known::of(shape)),
        }
        self.next = if slot >= LAST_SLOT { 0 } else { slot.saturating_add(1) };
        (number(slot), false)
    }
}

fn number(slot: usize) -> u32 {
    slot.try_into().unwrap_or(NO_SLOT)
}

/// More than the ways in which one program is refused at one time.
const LAST_SLOT: usize = 15;

/// What doesn't come again is kept nowhere.
const NO_SLOT: u32 = u32::MAX;

thread_local! {
    static SHAPES: RefCell<Shapes> = const { RefCell::new(Shapes { known: Vec::new(), next: 0 }) };
}
