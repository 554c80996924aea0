//! What scripted servers make of the `http` probe.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::testing::*;
use super::*;
use crate::outcome::{Outcome, Phase};
use crate::target::{Host, Probe};

async fn attempt(peer: SocketAddr) -> Outcome {
    Bench::default().attempt(peer, Probe::Http).await
}

fn head(status: &str, headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}\r\n").into_bytes()
}

#[test]
fn the_host_header_leaves_out_the_schemes_own_port() {
    let name = Host::Name("example.com".to_owned());
    let address = Host::Address("2001:db8::1".parse().unwrap());
    assert_eq!(authority(&name, 80, 80), "example.com");
    assert_eq!(authority(&name, 8080, 80), "example.com:8080");
    assert_eq!(authority(&address, 443, 443), "[2001:db8::1]");
    assert_eq!(authority(&address, 80, 443), "[2001:db8::1]:80");
}

#[tokio::test]
async fn a_response_head_proves_the_path_whatever_its_status() {
    for status in [
        "200 OK",
        "403 Forbidden",
        "404 Not Found",
        "500 Oops",
        "503 Busy",
    ] {
        let reply = head(status, "Server: nginx\r\nContent-Length: 0\r\n");
        let outcome = attempt(answers(reply).await).await;
        assert_reachable(&outcome);
        let http = outcome.facts.http.unwrap();
        assert!(status.starts_with(&http.status.to_string()));
        assert_eq!(http.server.as_deref(), Some("nginx"));
    }
}

#[tokio::test]
async fn the_request_is_complete_and_asks_for_the_end() {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
    let peer = serve(move |mut stream| {
        let sender = sender.clone();
        async move {
            let mut request = vec![0; 1024];
            let count = stream.read(&mut request).await.unwrap();
            request.truncate(count);
            stream.write_all(OK_HEAD).await.unwrap();
            sender
                .send(String::from_utf8(request).unwrap())
                .await
                .unwrap();
        }
    })
    .await;
    assert_reachable(&attempt(peer).await);
    let request = receiver.recv().await.unwrap().to_ascii_lowercase();
    assert!(request.starts_with("head / http/1.1\r\n"), "{request}");
    for header in [
        format!("host: {peer}"),
        format!("user-agent: egress-probe/{}", env!("CARGO_PKG_VERSION")),
        "accept: */*".to_owned(),
        "connection: close".to_owned(),
    ] {
        assert!(request.contains(&format!("\r\n{header}\r\n")), "{request}");
    }
}

#[tokio::test]
async fn interim_responses_are_passed_over() {
    let reply = [b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", OK_HEAD].concat();
    let outcome = attempt(answers(reply).await).await;
    assert_reachable(&outcome);
    assert_eq!(outcome.facts.http.unwrap().status, 200);
}

#[tokio::test]
async fn a_middleboxs_own_response_is_a_denial() {
    for reply in [
        head("470 status code 470", "Content-Length: 0\r\n"),
        head(
            "407 Proxy Authentication Required",
            "Proxy-Authenticate: Basic\r\n",
        ),
        head("511 Network Authentication Required", ""),
        head(
            "403 Forbidden",
            "X-Squid-Error: ERR_ACCESS_DENIED 0\r\nServer: squid/5.7\r\n",
        ),
        head("302 Found", "Location: http://portal.example.net/\r\n"),
        [
            &head("200 OK", "Content-Length: 40\r\n")[..],
            b"Action: Deny. Reason: No rule matched.",
        ]
        .concat(),
    ] {
        let shown = String::from_utf8_lossy(&reply).into_owned();
        let outcome = attempt(answers(reply).await).await;
        let expected = (Phase::Request, Reason::HttpDenied);
        assert_eq!(refuted(&outcome), expected, "{shown}");
        assert!(outcome.facts.http.unwrap().middlebox.is_some());
    }
}

#[tokio::test]
async fn a_denying_body_is_seen_when_it_comes_after_the_head() {
    let peer = serve(|mut stream| async move {
        let _ = stream.read(&mut [0; 1024]).await;
        stream.set_nodelay(true).unwrap();
        stream.write_all(&head("403 Forbidden", "")).await.ok();
        tokio::task::yield_now().await;
        stream.write_all(b"Action: D").await.ok();
        tokio::task::yield_now().await;
        stream.write_all(b"eny").await.ok();
    })
    .await;
    let outcome = attempt(peer).await;
    assert_eq!(refuted(&outcome), (Phase::Request, Reason::HttpDenied));
}

#[tokio::test]
async fn a_redirect_to_a_domain_of_the_catalogue_is_a_warning() {
    let mut bench = Bench::default();
    bench.named.insert("example.net".to_owned());
    let peer = answers(head(
        "302 Found",
        "Location: http://portal.example.net/\r\n",
    ))
    .await;
    let outcome = bench.attempt(peer, Probe::Http).await;
    assert_reachable(&outcome);
    assert_eq!(outcome.warnings, [Warning::Redirected]);
    let http = outcome.facts.http.unwrap();
    assert_eq!(http.redirected_to.as_deref(), Some("portal.example.net"));
}

#[tokio::test]
async fn a_head_that_browsers_take_is_taken() {
    let many = "X: y\r\n".repeat(500);
    for headers in [
        "Server : test\r\n",
        "X: a\r\n b\r\nServer: test\r\n",
        "X[]: a\r\nServer: test\r\n",
        "no header at all\r\nServer: test\r\n",
        "X: \u{1}\r\nServer: test\r\n",
        &format!("{many}Server: test\r\n"),
    ] {
        let outcome = attempt(answers(head("200 OK", headers)).await).await;
        assert_reachable(&outcome);
        let server = outcome.facts.http.unwrap().server;
        assert_eq!(server.as_deref(), Some("test"), "{headers}");
    }
}

#[tokio::test]
async fn a_redirect_in_other_letters_is_seen() {
    let location = "Location: http://portal.example.net/?grund=gesperrt-für-alle\r\n";
    let outcome = attempt(answers(head("302 Found", location)).await).await;
    assert_eq!(refuted(&outcome), (Phase::Request, Reason::HttpDenied));
}

#[tokio::test]
async fn the_host_of_a_redirect_is_kept_within_bounds() {
    let long = format!("{}.mcr.microsoft.com.evil.example", "x".repeat(20_000));
    let location = format!("Location: http://{long}/\r\n");
    let outcome = attempt(answers(head("302 Found", &location)).await).await;
    assert_eq!(refuted(&outcome), (Phase::Request, Reason::HttpDenied));
    let http = outcome.facts.http.as_ref().unwrap();
    assert!(http.redirected_to.as_ref().unwrap().len() <= 255);
    assert!(http.middlebox.as_ref().unwrap().len() <= 512);
    assert!(outcome.verdict.failure().unwrap().detail.len() <= 512);
}

#[tokio::test]
async fn what_is_no_response_head_is_told_apart() {
    let flood = [&b"HTTP/1.1 200 OK\r\nX: "[..], &b"x".repeat(64 * 1024)].concat();
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(2000));
    for (reply, reason) in [
        (flood, Reason::HttpProtocol),
        (many.into_bytes(), Reason::HttpProtocol),
        (
            b"\x15\x03\x01\x00\x02\x02\x46".to_vec(),
            Reason::HttpProtocol,
        ),
        (b"<html>no head</html>".to_vec(), Reason::HttpProtocol),
        (
            b"HTTP/1.1 200 OK\r\nServ".to_vec(),
            Reason::ConnectionClosed,
        ),
        (Vec::new(), Reason::ConnectionClosed),
    ] {
        let shown = String::from_utf8_lossy(&reply[..reply.len().min(40)]).into_owned();
        let outcome = attempt(answers(reply).await).await;
        assert_eq!(refuted(&outcome), (Phase::Request, reason), "{shown}");
    }
}

#[tokio::test]
async fn a_server_that_speaks_first_is_no_http_server() {
    let outcome = attempt(says(b"SSH-2.0-OpenSSH_9.6\r\n").await).await;
    assert_eq!(refuted(&outcome), (Phase::Request, Reason::HttpProtocol));
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    let outcome = attempt(resets().await).await;
    assert_eq!(refuted(&outcome), (Phase::Request, Reason::ConnectionReset));
}

#[tokio::test]
async fn a_head_that_never_ends_meets_the_deadline() {
    let trickle = serve(|mut stream| async move {
        for byte in OK_HEAD.iter().cycle() {
            if stream.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    });
    for peer in [trickle.await, silent().await] {
        let outcome = Bench::impatient().attempt(peer, Probe::Http).await;
        assert_eq!(refuted(&outcome), (Phase::Request, Reason::Timeout));
    }
}

#[tokio::test]
async fn a_server_that_does_not_close_costs_no_measured_time() {
    let outcome = attempt(says(OK_HEAD).await).await;
    assert_reachable(&outcome);
    assert!(outcome.elapsed < Duration::from_millis(150), "{outcome:?}");
}
