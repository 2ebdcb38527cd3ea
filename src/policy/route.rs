//! Routes: what a publishable key may do, and which scope a confined key needs.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

use crate::{CanonicalPath, Kind, Mode, bearer::is_token_byte};

/// A method and a path that keys of some kinds and modes may use.
#[derive(Debug)]
pub struct Route {
    method: String,
    segments: Vec<Segment>,
    label: String,
    kinds: Vec<Kind>,
    modes: Vec<Mode>,
    scope: Option<String>,
    report_only: bool,
}

impl Route {
    pub(super) fn new(
        method: &str,
        path: &str,
        kinds: Vec<Kind>,
        modes: Vec<Mode>,
        scope: Option<String>,
    ) -> Result<Self, RouteError> {
        if method.is_empty() || !method.bytes().all(|b| is_token_byte(b) && !b.is_ascii_lowercase())
        {
            return Err(RouteError::Method);
        }
        if kinds.is_empty() {
            return Err(RouteError::Kinds);
        }
        if modes.is_empty() {
            return Err(RouteError::Modes);
        }
        if scope.as_deref().is_some_and(str::is_empty) {
            return Err(RouteError::Scope);
        }
        Ok(Self {
            method: method.to_string(),
            segments: segments(path).ok_or(RouteError::Path)?,
            label: format!("{method} {path}"),
            kinds,
            modes,
            scope,
            report_only: false,
        })
    }

    pub(super) fn that_reports_only(self) -> Self {
        Self { report_only: true, ..self }
    }

    /// Whether the route is for this request. Case matters (RFC 9110 §9.1, RFC 3986 §6.2.2.1), and no method
    /// implies another.
    pub(super) fn is_for(
        &self,
        method: &str,
        path: &CanonicalPath,
        kind: Kind,
        mode: Mode,
    ) -> bool {
        self.method == method
            && self.kinds.contains(&kind)
            && self.modes.contains(&mode)
            && self.matches(path.as_str())
    }

    /// The scope that a confined key must have.
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// Whether what the route would refuse passes, and is reported.
    pub fn report_only(&self) -> bool {
        self.report_only
    }

    /// The method.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// How logs name the route: method and pattern, without anything of the request.
    pub fn label(&self) -> &str {
        &self.label
    }

    fn matches(&self, path: &str) -> bool {
        let Some(path) = path.strip_prefix('/') else { return false };
        let mut given = path.split('/');
        self.segments.iter().all(|segment| given.next().is_some_and(|given| segment.matches(given)))
            && given.next().is_none()
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}

/// Which part of a route makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RouteError {
    Method,
    Path,
    Kinds,
    Modes,
    Scope,
}

#[derive(Debug)]
enum Segment {
    Literal(String),
    Parameter,
}

impl Segment {
    fn matches(&self, given: &str) -> bool {
        match self {
            Self::Literal(literal) => literal == given,
            Self::Parameter => !given.is_empty(),
        }
    }
}

/// Reads a pattern: a canonical path in which `{name}` stands for any one segment.
fn segments(pattern: &str) -> Option<Vec<Segment>> {
    let segments = pattern.strip_prefix('/')?.split('/').map(|segment| {
        match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => is_name(name).then_some(Segment::Parameter),
            None => Some(Segment::Literal(segment.to_string())),
        }
    });
    let segments = segments.collect::<Option<Vec<_>>>()?;
    let sample = segments.iter().fold(String::new(), |mut sample, segment| {
        sample.push('/');
        sample.push_str(match segment {
            Segment::Literal(literal) => literal,
            Segment::Parameter => "x",
        });
        sample
    });
    // A pattern that isn't canonical itself could never match.
    (CanonicalPath::parse(&sample)?.as_str() == sample).then_some(segments)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn route(path: &str) -> Result<Route, RouteError> {
        Route::new("POST", path, vec![Kind::Publishable], vec![Mode::Test], None)
    }

    #[track_caller]
    fn matches(pattern: &str, path: &str) -> bool {
        route(pattern).unwrap().is_for(
            "POST",
            &CanonicalPath::parse(path).unwrap(),
            Kind::Publishable,
            Mode::Test,
        )
    }

    #[test]
    fn patterns_match_whole_paths_and_case() {
        assert!(matches("/a/b", "/a/b"));
        assert!(matches("/a/b", "/a/%62"));
        assert!(!matches("/a/b", "/a/B"));
        assert!(!matches("/a/b", "/a/b/"));
        assert!(!matches("/a/b", "/a"));
        assert!(!matches("/a/b", "/a/b/c"));
        assert!(matches("/", "/"));
        assert!(matches("/a/", "/a/"));
    }

    #[test]
    fn parameter_is_one_segment_that_is_not_empty() {
        assert!(matches("/a/{id}/c", "/a/b/c"));
        assert!(matches("/a/{id}", "/a/%20"));
        assert!(!matches("/a/{id}", "/a/"));
        assert!(!matches("/a/{id}", "/a/b/c"));
        assert!(!matches("/a/{id}/c", "/a/c"));
    }

    #[test]
    fn patterns_that_could_never_match_are_errors() {
        for path in [
            "", "a", "//", "/a//b", "/../a", "/a/{", "/{}", "/{a}b", "/{a/b}", "/%61", "/a b",
            "/ä", "/*",
        ] {
            let expected = if path == "/*" { None } else { Some(RouteError::Path) };
            assert_eq!(route(path).err(), expected, "{path:?}");
        }
    }

    #[test]
    fn nothing_else_may_be_empty() {
        let error = |method, kinds, modes, scope: Option<&str>| {
            Route::new(method, "/", kinds, modes, scope.map(ToString::to_string)).unwrap_err()
        };
        let (kinds, modes) = (vec![Kind::Secret], vec![Mode::Live]);
        assert_eq!(error("", kinds.clone(), modes.clone(), None), RouteError::Method);
        assert_eq!(error("post", kinds.clone(), modes.clone(), None), RouteError::Method);
        assert_eq!(error("GET /", kinds.clone(), modes.clone(), None), RouteError::Method);
        assert_eq!(error("GET", vec![], modes.clone(), None), RouteError::Kinds);
        assert_eq!(error("GET", kinds.clone(), vec![], None), RouteError::Modes);
        assert_eq!(error("GET", kinds, modes, Some("")), RouteError::Scope);
    }
}
