//! The manual: every page of `docs/`, for who reads in a browser what `cargo doc --workspace --no-deps` wrote.
//!
//! | for | read |
//! |---|---|
//! | who puts a key into a page | [`browser`] |
//! | who builds the API behind it | [`upstream`] |
//! | who deploys and operates it | [`deploy`], [`operate`], [`policy`], [`reliability`] |
//! | who looks for leaked keys | [`scan`] |
//! | who wants to know what it costs | [`performance`], [`scale`] |
//! | who has to believe it | [`threats`], [`requirements`], [`assurance`] |
//! | who changes it | [`contributing`], and the [core's front page](../keyguard/index.html) |

#![expect(clippy::doc_markdown, reason = "in prose the names of products are words")]

macro_rules! pages {
    ($($page:ident)*) => {$(
        #[doc = include_str!(concat!(env!("OUT_DIR"), "/", stringify!($page), ".md"))]
        pub mod $page {}
    )*};
}

pages! {
    assurance browser contributing deploy operate performance policy reliability requirements scale scan threats upstream
}
