//! What `doctor` asks the open internet, without credentials: a request and its answer as plain values, so that what
//! asks is elsewhere and what an answer means is tested with answers that were written down.

use crate::words::percent_encoded;

/// A GET request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// An `https` address.
    pub url: String,
    /// Header names, in lower case, and their values.
    pub headers: Vec<(&'static str, String)>,
}

/// The answer to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The `www-authenticate` header.
    pub challenge: Option<String>,
    /// The `location` header.
    pub location: Option<String>,
    /// The body, as far as it is text.
    pub body: String,
}

impl Request {
    /// A request without headers of its own.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            headers: Vec::new(),
        }
    }

    /// The same with a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Text as it stands in the query of a URL.
pub fn encoded(text: &str) -> String {
    percent_encoded(text, |_| false)
}
