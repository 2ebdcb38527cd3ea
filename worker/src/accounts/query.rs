//! A query's parameters.

use keyguard::{
    AdminDenial, Kind, Mode,
    life::{Status, might_show},
};

use super::call::{Filter, Page};

/// Parameters of a query: each is taken once, and none may be left.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn read(text: &str) -> Result<Self, AdminDenial> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if parameters.iter().any(|(other, _)| *other == name) {
                return Err(invalid("the query", "names a parameter twice"));
            }
            parameters.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(parameters))
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let place = self.0.iter().position(|(other, _)| other == name)?;
        Some(self.0.remove(place).1)
    }

    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, AdminDenial> {
        match self.take(name).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(invalid(name, "must be true or false")),
        }
    }

    pub(crate) fn page(&mut self) -> Result<Page, AdminDenial> {
        let limit = match self.take("limit") {
            None => DEFAULT_LIMIT,
            Some(limit) if limit.starts_with('+') => 0,
            Some(limit) => limit.parse().unwrap_or(0),
        };
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(invalid("limit", "must be 1 to 1000"));
        }
        let cursor = self.take("cursor");
        let is_cursor = |cursor: &String| {
            (1..=1024).contains(&cursor.len())
                && cursor.bytes().all(|byte| byte.is_ascii_graphic())
                && !might_show(cursor)
        };
        if cursor.as_ref().is_some_and(|cursor| !is_cursor(cursor)) {
            return Err(invalid("cursor", "must be an answer's next_cursor"));
        }
        Ok(Page { limit, cursor })
    }

    /// A page whose cursor is a row's number.
    pub(crate) fn numbered_page(&mut self) -> Result<Page, AdminDenial> {
        let page = self.page()?;
        let is_number =
            |cursor: &str| cursor.len() <= 15 && cursor.bytes().all(|byte| byte.is_ascii_digit());
        if page.cursor.as_deref().is_some_and(|cursor| !is_number(cursor)) {
            return Err(invalid("cursor", "must be an answer's next_cursor"));
        }
        Ok(page)
    }

    pub(crate) fn filter(&mut self) -> Result<Filter, AdminDenial> {
        let kind = self.take("kind").map(|word| word.parse::<Kind>()).transpose();
        let mode = self.take("mode").map(|word| word.parse::<Mode>()).transpose();
        let status = match self.take("status").as_deref() {
            None => None,
            Some("active") => Some(Status::Active),
            Some("expired") => Some(Status::Expired),
            Some("revoked") => Some(Status::Revoked),
            Some("exposed") => Some(Status::Exposed),
            Some(_) => {
                return Err(invalid("status", "must be active, expired, revoked or exposed"));
            }
        };
        Ok(Filter {
            kind: kind.map_err(|_| invalid("kind", "must be publishable or secret"))?,
            mode: mode.map_err(|_| invalid("mode", "must be test or live"))?,
            status,
        })
    }

    pub(crate) fn finish(self) -> Result<(), AdminDenial> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(invalid("the query", "has a parameter that isn't known here"))
        }
    }
}

/// What is wrong with a parameter.
pub(crate) fn invalid(name: &str, reason: &str) -> AdminDenial {
    AdminDenial::InvalidParameter(format!("{name}: {reason}"))
}

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1000;
