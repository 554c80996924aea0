//! Instant queries to the HTTP API of a Prometheus server.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::url::encoded;
use super::{Client, ClientError, Url};

/// In bytes. What is asked for has a sample for each thing that is wrong, not for each target of each node.
const LARGEST: usize = 32 * 1024 * 1024;

/// A sample: its labels, and its value.
pub type Sample = (BTreeMap<String, String>, f64);

/// Why there are no samples.
#[derive(Debug, thiserror::Error)]
pub enum PrometheusError {
    /// It does not answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Something answers that is no Prometheus.
    #[error("what answers there is not Prometheus")]
    NotPrometheus(#[from] serde_json::Error),
    /// It refuses the query.
    #[error("the server refuses the query: {0}")]
    Refused(String),
}

#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    error: String,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    result: Vec<Element>,
}

#[derive(Deserialize)]
struct Element {
    metric: BTreeMap<String, String>,
    value: (f64, String),
}

/// The samples of an expression now.
///
/// # Errors
/// When the server cannot be asked, or refuses.
pub async fn query(
    client: &Client,
    url: &Url,
    expression: &str,
) -> Result<Vec<Sample>, PrometheusError> {
    let path = format!("/api/v1/query?query={}", encoded(expression));
    parse(&client.text(url, &path, LARGEST).await?)
}

fn parse(text: &str) -> Result<Vec<Sample>, PrometheusError> {
    let reply: Reply = serde_json::from_str(text)?;
    let data = reply.data.ok_or(PrometheusError::Refused(reply.error))?;
    let sample = |element: Element| Some((element.metric, element.value.1.parse().ok()?));
    Ok(data.result.into_iter().filter_map(sample).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read_and_everything_else_is_refused() {
        let text = r#"{"status":"success","data":{"resultType":"vector","result":[
            {"metric":{"instance":"a:9100"},"value":[1700000000.1,"1"]}]}}"#;
        let samples = parse(text).unwrap();
        assert_eq!(samples[0].0["instance"], "a:9100");
        let refused = r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#;
        assert!(
            matches!(parse(refused), Err(PrometheusError::Refused(why)) if why == "parse error")
        );
        assert!(matches!(
            parse("<html>"),
            Err(PrometheusError::NotPrometheus(_))
        ));
    }
}
