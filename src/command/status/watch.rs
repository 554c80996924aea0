//! `status --watch`: follows an agent's pages, and comes back when the agent does.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::{sleep, timeout};

use super::explained;
use super::screen::Screen;
use crate::client::{Answer, Client, ClientError, Url};
use crate::command::ExitStatus;

/// Agents send something every 15 s.
const SILENCE: Duration = Duration::from_secs(45);
/// Between two tries to find an agent again.
const AGAIN: Duration = Duration::from_secs(2);
/// In bytes; longer pages are not those of an agent.
const LONGEST_PAGE: usize = 1024 * 1024;
const END_OF_PAGE: u8 = b'\x0c';
const HEARTBEAT: u8 = b'\r';

/// Why there are no more pages.
enum End {
    /// The agent or the way to it.
    Agent(String),
    /// Nobody reads.
    Reader,
}

pub(super) async fn watch(
    client: &Client,
    url: &Url,
    path: &str,
    screen: Screen,
) -> Result<ExitStatus> {
    let answer = client.open(url, path).await;
    let mut answer = answer.map_err(|error| explained(&error, url))?;
    loop {
        let why = match pages(answer, &screen).await? {
            End::Reader => return Ok(ExitStatus::Success),
            End::Agent(why) => why,
        };
        if !screen.trouble(&format!("{why}; asking again"))? {
            return Ok(ExitStatus::Success);
        }
        answer = again(client, url, path, &screen).await?;
    }
}

async fn again(client: &Client, url: &Url, path: &str, screen: &Screen) -> Result<Answer> {
    loop {
        sleep(AGAIN).await;
        match client.open(url, path).await {
            Ok(answer) => return Ok(answer),
            // The agent is back, and has nothing to show.
            Err(error @ ClientError::Status { status, .. }) if status.is_client_error() => {
                return Err(explained(&error, url));
            }
            Err(error) => {
                screen.trouble(&format!("{error}; asking again"))?;
            }
        }
    }
}

async fn pages(mut answer: Answer, screen: &Screen) -> Result<End> {
    let mut page = Vec::new();
    loop {
        let part = match timeout(SILENCE, answer.part()).await {
            Ok(Ok(Some(part))) => part,
            Ok(Ok(None)) => return Ok(End::Agent(last_words(&page))),
            Ok(Err(error)) => return Ok(End::Agent(error.to_string())),
            Err(_) => return Ok(End::Agent(format!("silent for {SILENCE:?}"))),
        };
        for &byte in &part {
            let read = match byte {
                END_OF_PAGE => screen.show(&String::from_utf8_lossy(&page)),
                HEARTBEAT => screen.alive(),
                _ => {
                    page.push(byte);
                    continue;
                }
            };
            if !read? {
                return Ok(End::Reader);
            }
            page.clear();
        }
        if page.len() > LONGEST_PAGE {
            bail!("a page without an end: is it an agent that answers there?");
        }
    }
}

/// What the agent said behind its last page.
fn last_words(rest: &[u8]) -> String {
    let words = String::from_utf8_lossy(rest);
    let words = words.trim().trim_end_matches('.');
    if words.is_empty() {
        "the agent has gone".to_owned()
    } else {
        words.to_owned()
    }
}
