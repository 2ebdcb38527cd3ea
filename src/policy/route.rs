//! Routes: what a publishable key may do, and which scope a confined key needs.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

use crate::{CanonicalPath, Kind, Mode};

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
        if !is_method(method) {
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
        self.method == method && self.fits(path, kind, mode, Reading::Exact)
    }

    /// Whether a server may take the request for one of this route's, though it isn't: many answer HEAD as they do GET (RFC 9110 §9.3.2), and take
    /// paths that differ by case, or by a slash at the end, for one.
    pub(super) fn is_near(
        &self,
        method: &str,
        path: &CanonicalPath,
        kind: Kind,
        mode: Mode,
    ) -> bool {
        let is_like = self.method == method || (method == "HEAD" && self.method == "GET");
        is_like && self.fits(path, kind, mode, Reading::Loose)
    }

    fn fits(&self, path: &CanonicalPath, kind: Kind, mode: Mode, reading: Reading) -> bool {
        self.kinds.contains(&kind)
            && self.modes.contains(&mode)
            && self.matches(path.as_str(), reading)
    }

    /// Whether a route that comes later has no request of its own, and says otherwise than this one what a key needs for them.
    pub(super) fn hides(&self, later: &Self) -> bool {
        let covers = |(one, other): (&Segment, &Segment)| match (one, other) {
            (Segment::Literal(one), Segment::Literal(other)) => one == other,
            (Segment::Parameter, Segment::Literal(other)) => !other.is_empty(),
            (one, Segment::Parameter) => matches!(one, Segment::Parameter),
        };
        self.method == later.method
            && later.kinds.iter().all(|kind| self.kinds.contains(kind))
            && later.modes.iter().all(|mode| self.modes.contains(mode))
            && self.segments.len() == later.segments.len()
            && self.segments.iter().zip(&later.segments).all(covers)
            && (&self.scope, self.report_only) != (&later.scope, later.report_only)
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

    fn matches(&self, path: &str, reading: Reading) -> bool {
        let Some(path) = path.strip_prefix('/') else { return false };
        let counts = |is_empty: bool| reading == Reading::Exact || !is_empty;
        let mut given = path.split('/').filter(|given| counts(given.is_empty()));
        self.segments
            .iter()
            .filter(|segment| counts(segment.is_empty()))
            .all(|segment| given.next().is_some_and(|given| segment.matches(given, reading)))
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

/// How a path is compared with a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// To the letter.
    Exact,
    /// Without regard to case, and to a slash at the end.
    Loose,
}

#[derive(Debug)]
enum Segment {
    Literal(String),
    Parameter,
}

impl Segment {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Literal(literal) if literal.is_empty())
    }

    fn matches(&self, given: &str, reading: Reading) -> bool {
        match self {
            Self::Literal(literal) if reading == Reading::Loose => {
                literal.eq_ignore_ascii_case(given)
            }
            Self::Literal(literal) => literal == given,
            Self::Parameter => !given.is_empty(),
        }
    }
}

/// Whether a route can be for a method: one that is forwarded, and no word for all of them.
fn is_method(method: &str) -> bool {
    let is_word = method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
    is_word && !["", "ALL", "ANY", "CONNECT", "TRACE", "TRACK"].contains(&method)
}

/// Reads a pattern: a canonical path in which `{name}` stands for any one segment. `*` and `:name` are other products' way to write that.
fn segments(pattern: &str) -> Option<Vec<Segment>> {
    let segments = pattern.strip_prefix('/')?.split('/').map(|segment| {
        match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => is_name(name).then_some(Segment::Parameter),
            // What stands for any segment elsewhere would stand for itself here.
            None if segment.starts_with(['*', ':']) => None,
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
            "/ä", "/*", "/a/**", "/:id", "/a/:id/b",
        ] {
            assert_eq!(route(path).err(), Some(RouteError::Path), "{path:?}");
        }
        assert!(matches("/a:b/c*", "/a:b/c*"));
    }

    #[test]
    fn methods_that_could_never_match_are_errors() {
        for method in ["*", "ANY", "ALL", "TRACE", "TRACK", "CONNECT", "GET,POST", "GET|POST"] {
            let route = Route::new(method, "/", vec![Kind::Secret], vec![Mode::Live], None);
            assert_eq!(route.err(), Some(RouteError::Method), "{method}");
        }
        for method in ["M-SEARCH", "QUERY"] {
            assert!(Route::new(method, "/", vec![Kind::Secret], vec![Mode::Live], None).is_ok());
        }
    }

    #[test]
    fn a_near_route_differs_by_case_a_final_slash_or_head() {
        let near = |method, pattern, request, path| {
            let (kinds, modes) = (vec![Kind::Secret], vec![Mode::Live]);
            let route = Route::new(method, pattern, kinds, modes, None).unwrap();
            let path = CanonicalPath::parse(path).unwrap();
            let is_near = route.is_near(request, &path, Kind::Secret, Mode::Live);
            assert!(!route.is_near(request, &path, Kind::Secret, Mode::Test));
            assert!(!route.is_near(request, &path, Kind::Publishable, Mode::Live));
            assert!(is_near || !route.is_for(request, &path, Kind::Secret, Mode::Live));
            is_near
        };
        for (pattern, path) in [
            ("/admin", "/admin"),
            ("/admin", "/ADMIN"),
            ("/admin", "/admin/"),
            ("/admin/", "/Admin"),
            ("/admin/{id}", "/aDmin/1/"),
            ("/", "/"),
        ] {
            assert!(near("GET", pattern, "GET", path) && near("GET", pattern, "HEAD", path));
            assert!(!near("GET", pattern, "POST", path) && !near("HEAD", pattern, "GET", path));
        }
        for (pattern, path) in [("/admin", "/admin/1"), ("/admin/{id}", "/admin/"), ("/a", "/")] {
            assert!(!near("GET", pattern, "GET", path), "{pattern} {path}");
        }
    }

    #[test]
    fn a_route_hides_a_later_one_that_says_otherwise_of_the_same_requests() {
        let route = |method, path, kinds: &[Kind], scope: Option<&str>| {
            let scope = scope.map(ToString::to_string);
            Route::new(method, path, kinds.to_vec(), vec![Mode::Live], scope).unwrap()
        };
        let (secret, both) = ([Kind::Secret], [Kind::Secret, Kind::Publishable]);
        let later = route("GET", "/r/admin", &secret, Some("admin"));
        assert!(route("GET", "/r/{id}", &both, None).hides(&later));
        assert!(route("GET", "/r/admin", &secret, None).hides(&later));
        assert!(route("GET", "/r/{id}", &both, Some("x")).hides(&later));
        assert!(route("GET", "/r/{id}", &both, Some("admin")).that_reports_only().hides(&later));
        for earlier in [
            route("GET", "/r/{id}", &both, Some("admin")),
            route("POST", "/r/{id}", &both, None),
            route("GET", "/r/{id}", &[Kind::Publishable], None),
            route("GET", "/r/{id}/x", &both, None),
            route("GET", "/{r}/other", &both, None),
        ] {
            assert!(!earlier.hides(&later), "{earlier}");
        }
        let of_any = route("GET", "/r/{id}", &secret, Some("admin"));
        assert!(!later.hides(&of_any), "the narrower one first");
        assert!(!route("GET", "/r/{id}", &both, None).hides(&route(
            "GET",
            "/r/",
            &secret,
            Some("a")
        )));
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
