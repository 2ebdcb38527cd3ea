//! When a request that failed is sent again, and after how long a wait.

use super::is_one_of;

/// The most retries that can be asked for: a page that would try for longer should ask its visitor.
const MOST_RETRIES: f64 = 10.0;
/// The longest time-out that can be asked for, in milliseconds: a browser's timers take no longer one.
const LONGEST_TIMEOUT: f64 = 2_147_483_647.0;

/// The first wait is up to this long, in milliseconds, and each further one up to twice the one before.
const FIRST_WAIT: u32 = 500;
/// Doubled this often, it stays: 8 seconds.
const DOUBLINGS: u32 = 4;
/// A server that asks for more than these seconds is not waited for: the answer is handed on, and says how long.
const LONGEST_RETRY_AFTER: f64 = 60.0;

/// Whether `retries`, how often a failed request is sent again, and `timeout`, how many milliseconds each try may
/// take (0 is for ever), can be meant. What is not a number is in no range.
///
/// ```
/// assert!(keyguard::page::are_settings(2.0, 30_000.0));
/// assert!(!keyguard::page::are_settings(f64::INFINITY, 0.0));
/// ```
pub fn are_settings(retries: f64, timeout: f64) -> bool {
    (0.0..=MOST_RETRIES).contains(&retries) && (0.0..=LONGEST_TIMEOUT).contains(&timeout)
}

/// Whether a request of this method gets an `Idempotency-Key`, since sending it twice could do it twice.
/// Browsers write most methods in capitals, however they are given.
///
/// ```
/// assert!(keyguard::page::wants_idempotency_key(b"POST"));
/// assert!(!keyguard::page::wants_idempotency_key(b"PUT"));
/// ```
pub fn wants_idempotency_key(method: &[u8]) -> bool {
    is_one_of("POST PATCH", method)
}

/// Whether a server takes a request twice as it does once: by its method (RFC 9110 §9.2.2), or by its
/// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header). Of a method that nobody knows nothing is known.
pub fn is_repeatable(method: &[u8], has_idempotency_key: bool) -> bool {
    has_idempotency_key || is_one_of("GET HEAD PUT DELETE OPTIONS", method)
}

/// A try of a request that didn't lead to an answer that counts.
#[derive(Clone, Copy, Debug)]
pub struct Try {
    /// The status of the answer; 0 where there was none, as `Response.status` has it for an error.
    pub status: u16,
    /// How many came before it.
    pub earlier: u32,
    /// What [`is_repeatable`] says of the request.
    pub is_repeatable: bool,
    /// `Retry-After` (RFC 9110 §10.2.3) in seconds from now; not a number where there is none.
    pub retry_after: f64,
}

impl Try {
    /// The milliseconds to wait before the next try; `None` if there is to be none.
    ///
    /// Sent again is what was refused for its rate (429: nothing was done), and what may have been lost (503, no
    /// answer) if it can be repeated. The wait is exponential with full jitter, so that pages which failed
    /// together don't return together; what the server asks for comes on top of it. `random` lies in 0..1.
    ///
    /// ```
    /// use keyguard::page::Try;
    ///
    /// let lost = Try { status: 0, earlier: 0, is_repeatable: true, retry_after: f64::NAN };
    /// assert_eq!(lost.wait(2.0, 0.5), Some(250.0));
    /// assert_eq!(Try { retry_after: 3.0, status: 429, ..lost }.wait(2.0, 0.5), Some(3_250.0));
    /// assert_eq!(Try { is_repeatable: false, ..lost }.wait(2.0, 0.5), None);
    /// assert_eq!(Try { earlier: 2, ..lost }.wait(2.0, 0.5), None);
    /// ```
    pub fn wait(self, retries: f64, random: f64) -> Option<f64> {
        let is_worth_it = match self.status {
            429 => true,
            0 | 503 => self.is_repeatable,
            _ => false,
        };
        // A server's clock behind ours makes a date that is over.
        let asked = if self.retry_after > 0.0 { self.retry_after } else { 0.0 };
        let jitter = f64::from(FIRST_WAIT << self.earlier.min(DOUBLINGS)) * random;
        (is_worth_it && f64::from(self.earlier) < retries && asked <= LONGEST_RETRY_AFTER)
            .then_some(asked * 1_000.0 + jitter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOST: Try = Try { status: 0, earlier: 0, is_repeatable: true, retry_after: f64::NAN };

    #[test]
    fn only_what_may_pass_later_is_sent_again() {
        for status in 0..600 {
            for is_repeatable in [false, true] {
                let is_again = Try { status, is_repeatable, ..LOST }.wait(1.0, 0.0).is_some();
                let expected = status == 429 || is_repeatable && (status == 0 || status == 503);
                assert_eq!(is_again, expected, "{status} {is_repeatable}");
            }
        }
    }

    #[test]
    fn tries_end() {
        for retries in 0..=10_u8 {
            let again = |earlier| Try { earlier, ..LOST }.wait(f64::from(retries), 0.5).is_some();
            assert_eq!((0..100).filter(|earlier| again(*earlier)).count(), usize::from(retries));
        }
    }

    #[test]
    fn waits_double_up_to_eight_seconds_and_are_drawn_from_all_of_it() {
        for (earlier, most) in [
            (0, 500.0),
            (1, 1_000.0),
            (2, 2_000.0),
            (4, 8_000.0),
            (9, 8_000.0),
            (u32::MAX, 8_000.0),
        ] {
            let lost = Try { earlier, ..LOST };
            assert_eq!(lost.wait(f64::MAX, 0.0), Some(0.0), "{earlier}");
            assert_eq!(lost.wait(f64::MAX, 0.5), Some(most / 2.0), "{earlier}");
        }
    }

    #[test]
    fn retry_after_is_the_least_wait_and_too_long_a_one_ends_it() {
        for (retry_after, wait) in [
            (0.0, Some(0.0)),
            (1.5, Some(1_500.0)),
            (60.0, Some(60_000.0)),
            (-3_600.0, Some(0.0)),
            (f64::NAN, Some(0.0)),
            (60.001, None),
            (1e300, None),
            (f64::INFINITY, None),
        ] {
            for status in [0, 429, 503] {
                assert_eq!(Try { status, retry_after, ..LOST }.wait(1.0, 0.0), wait);
            }
        }
    }

    #[test]
    fn what_a_server_may_do_twice_is_known_by_method_or_key() {
        for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "get"] {
            assert!(is_repeatable(method.as_bytes(), false), "{method}");
        }
        for method in ["POST", "PATCH", "post", "FROB", ""] {
            assert!(!is_repeatable(method.as_bytes(), false), "{method}");
            assert!(is_repeatable(method.as_bytes(), true), "{method}");
        }
        for method in ["POST", "PATCH", "post", "Patch"] {
            assert!(wants_idempotency_key(method.as_bytes()), "{method}");
        }
        for method in ["", "GET", "PUT", "DELETE", "FROB"] {
            assert!(!wants_idempotency_key(method.as_bytes()), "{method}");
        }
    }

    #[test]
    fn settings_are_what_can_be_meant() {
        for (retries, timeout) in [(0.0, 0.0), (2.0, 30_000.0), (10.0, 2_147_483_647.0), (1.0, 0.5)]
        {
            assert!(are_settings(retries, timeout), "{retries} {timeout}");
        }
        for value in [-1.0, -0.001, 2_147_483_648.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(!are_settings(value, 1.0), "{value}");
            assert!(!are_settings(1.0, value), "{value}");
        }
        assert!(!are_settings(11.0, 1.0));
    }
}
