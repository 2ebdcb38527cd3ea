//! Times and durations as people write and read them.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp, civil::Date, tz::TimeZone};

/// Unix seconds.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Reads a time: RFC 3339, a date (its first moment in UTC) or Unix seconds.
pub(crate) fn parse_time(text: &str) -> Result<u64, String> {
    let seconds = if let Ok(seconds) = text.parse::<u64>() {
        i64::try_from(seconds).ok().filter(|seconds| Timestamp::from_second(*seconds).is_ok())
    } else if let Ok(time) = text.parse::<Timestamp>() {
        Some(time.as_second())
    } else {
        text.parse::<Date>()
            .and_then(|date| date.to_zoned(TimeZone::UTC))
            .ok()
            .map(|time| time.timestamp().as_second())
    };
    seconds.and_then(|seconds| u64::try_from(seconds).ok()).ok_or_else(|| {
        "must be a time such as 2027-01-31T12:00:00Z, a date such as 2027-01-31, or Unix seconds"
            .to_owned()
    })
}

/// Reads a duration such as `30d`, `24h` or `1h30m`, in seconds; `0` needs no unit.
pub(crate) fn parse_duration(text: &str) -> Result<u64, String> {
    if text == "0" {
        return Ok(0);
    }
    let seconds = |span: Span| -> Result<SignedDuration, jiff::Error> {
        span.to_duration(SpanRelativeTo::days_are_24_hours())
    };
    let is_numbered = text.starts_with(|first: char| first.is_ascii_digit());
    let duration = is_numbered.then(|| text.parse::<Span>().and_then(seconds).ok()).flatten();
    duration.and_then(|duration| u64::try_from(duration.as_secs()).ok()).ok_or_else(|| {
        "must be a duration such as 30d, 24h or 90m (d, h, m and s; no months or years)".to_owned()
    })
}

/// A time as RFC 3339, in UTC.
pub(crate) fn rfc_3339(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.map_or_else(|| seconds.to_string(), |time| time.to_string())
}

/// A time with how far away it is: `2027-01-31T00:00:00Z (in 3 days)`.
pub(crate) fn both(seconds: u64, now: u64) -> String {
    format!("{} ({})", rfc_3339(seconds), relative(seconds, now))
}

/// How far away a time is.
pub(crate) fn relative(seconds: u64, now: u64) -> String {
    let distance = seconds.abs_diff(now);
    if distance == 0 {
        return "now".to_owned();
    }
    let span = length(distance);
    if seconds > now { format!("in {span}") } else { format!("{span} ago") }
}

/// A number of seconds in the largest unit that it fills.
pub(crate) fn length(seconds: u64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (count, unit) = units
        .into_iter()
        .find_map(|(size, unit)| {
            let count = seconds.checked_div(size)?;
            (count > 0).then_some((count, unit))
        })
        .unwrap_or((0, "second"));
    counted(count, unit)
}

/// So many of something.
pub(crate) fn counted(count: u64, unit: &str) -> String {
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for text in
            ["2027-01-31T00:00:00Z", "2027-01-31", "1801353600", "2027-01-31T01:00:00+01:00"]
        {
            assert_eq!(parse_time(text), Ok(1_801_353_600), "{text}");
        }
        for text in ["", "tomorrow", "-5", "2027-13-01", "1969-12-31", "99999999999999"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("30d", 2_592_000),
            ("24h", 86_400),
            ("1h30m", 5_400),
            ("0", 0),
            ("0s", 0),
            ("2w", 1_209_600),
        ] {
            assert_eq!(parse_duration(text), Ok(seconds), "{text}");
        }
        for text in ["", "30", "-1h", "1mo", "1y", "soon", "1h ago"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn distances_are_told_in_the_largest_unit() {
        assert_eq!(relative(100, 100), "now");
        assert_eq!(relative(101, 100), "in 1 second");
        assert_eq!(relative(100 + 3 * 86_400, 100), "in 3 days");
        assert_eq!(relative(0, 7_200), "2 hours ago");
        assert_eq!(both(0, 60), "1970-01-01T00:00:00Z (1 minute ago)");
    }
}
