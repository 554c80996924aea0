//! How a page is written.

use crate::labels::closed_set;

closed_set! {
    /// The renderings of a report; the `format` of a query.
    pub enum Format {
        /// Plain text.
        Text = "text",
        /// JSON.
        Json = "json",
        /// HTML.
        Html = "html",
    }
}
