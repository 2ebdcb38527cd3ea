//! What is judged of a request, brought from JavaScript in one crossing.

/// A request's parts as they came. `None` is a header that isn't there.
#[derive(Default)]
pub(crate) struct Facts<'a> {
    pub(crate) url: &'a str,
    pub(crate) method: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) host: Option<&'a str>,
    pub(crate) authorization: Option<&'a str>,
    pub(crate) origin: Option<&'a str>,
    pub(crate) fetch_site: Option<&'a str>,
    pub(crate) requested_method: Option<&'a str>,
}

impl<'a> Facts<'a> {
    /// Reads the text that `facts` in runtime.js makes: a field a line. No part of a request can hold a line feed; one
    /// that does makes another number of lines, and is refused.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let mut fields = text.split('\n');
        let facts = Self {
            url: fields.next()?,
            method: fields.next()?,
            request_id: fields.next()?,
            host: header(fields.next()?),
            authorization: header(fields.next()?),
            origin: header(fields.next()?),
            fetch_site: header(fields.next()?),
            requested_method: header(fields.next()?),
        };
        fields.next().is_none().then_some(facts)
    }
}

/// What decides which of a request's headers are removed.
#[derive(PartialEq, Eq)]
pub(crate) struct Hops<'a> {
    pub(crate) connection: Option<&'a str>,
    pub(crate) proxy_connection: Option<&'a str>,
    pub(crate) upgrade: Option<&'a str>,
    /// The method, and whether there is a body, of what is to be upgraded: nothing else depends on them.
    pub(crate) method: Option<&'a str>,
    pub(crate) has_body: bool,
    /// The names of all headers, joined by commas.
    pub(crate) names: &'a str,
}

impl<'a> Hops<'a> {
    /// Reads the text that `hops` in runtime.js makes.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let mut fields = text.split('\n');
        let hops = Self {
            connection: header(fields.next()?),
            proxy_connection: header(fields.next()?),
            upgrade: header(fields.next()?),
            method: header(fields.next()?),
            has_body: header(fields.next()?).is_some(),
            names: fields.next()?,
        };
        fields.next().is_none().then_some(hops)
    }
}

/// What shows whether a server passed a request on.
pub(crate) struct Relay<'a> {
    /// What the caller spoke, where the platform says so.
    pub(crate) protocol: Option<&'a str>,
    pub(crate) forwarded_for: Option<&'a str>,
    /// The names of all headers, joined by commas.
    pub(crate) names: &'a str,
}

impl<'a> Relay<'a> {
    /// Reads the text that `relay` in runtime.js makes.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let mut fields = text.split('\n');
        let relay = Self {
            protocol: header(fields.next()?),
            forwarded_for: header(fields.next()?),
            names: fields.next()?,
        };
        fields.next().is_none().then_some(relay)
    }
}

fn header(field: &str) -> Option<&str> {
    (field != ABSENT).then_some(field)
}

/// Stands for a header that isn't there: no header's value can be it.
const ABSENT: &str = "\0";
