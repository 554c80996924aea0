//! What scripted proxies make of the probes that go through them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_resolver::proto::op::ResponseCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use crate::outcome::{Outcome, Phase, ProxyHop, Reason};
use crate::probe::scripted::{self, Server};
use crate::probe::testing::*;
use crate::probe::{Attempt, Limits, Prober, Resolver, TlsTrust, TrustConfig};
use crate::proxy::ProxyPolicy;
use crate::target::{Host, Https, Probe, Target};

use super::*;

const YEARS: (i32, i32) = (2020, 2045);
const NAME: &str = "mcr.microsoft.com";
const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";
const DENIED: &str = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";

/// What a proxy does with a request.
enum Act {
    /// Answers with this, and leads on to a server.
    Tunnel(String, SocketAddr),
    /// Answers with this, and closes.
    Say(&'static str),
    /// Holds the connection.
    Wait,
}

/// A proxy and the requests that it read.
struct Scripted {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    async fn new(script: impl Fn(&str) -> Act + Send + Sync + 'static) -> Self {
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let (script, seen) = (Arc::new(script), Arc::clone(&asked));
        let address = serve(move |mut client| {
            let (script, seen) = (Arc::clone(&script), Arc::clone(&seen));
            async move {
                let request = read_head(&mut client).await;
                let act = script(&request);
                seen.lock().unwrap().push(request);
                match act {
                    Act::Tunnel(head, upstream) => {
                        let mut server = connect_to(upstream).await;
                        client.write_all(head.as_bytes()).await.unwrap();
                        copy_bidirectional(&mut client, &mut server).await.ok();
                    }
                    Act::Say(words) => {
                        client.write_all(words.as_bytes()).await.unwrap();
                        client.shutdown().await.unwrap();
                        let _ = client.read(&mut [0; 64]).await;
                    }
                    Act::Wait => std::future::pending().await,
                }
            }
        })
        .await;
        Self { address, asked }
    }

    async fn tunnel(upstream: SocketAddr) -> Self {
        Self::new(move |_| Act::Tunnel(ESTABLISHED.to_owned(), upstream)).await
    }

    /// The request lines, in the order in which the requests came.
    fn lines(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        let lines = asked.iter().filter_map(|request| request.lines().next());
        lines.map(ToOwned::to_owned).collect()
    }
}

async fn connect_to(address: SocketAddr) -> TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.connect(address).await.unwrap()
}

async fn read_head(client: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match client.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(request).unwrap()
}

fn prober(proxy: &str, no_proxy: &str) -> Prober {
    let address = format!("http://{proxy}").parse().unwrap();
    Prober {
        resolver: Arc::new(Resolver::new(Vec::new())),
        tls: Arc::new(TlsTrust::load(&TrustConfig::default()).unwrap()),
        limits: Limits {
            timeout: Duration::from_millis(500),
            ..Limits::default()
        },
        named_domains: std::collections::HashSet::new(),
        proxies: ProxyPolicy::given(address, no_proxy.parse().unwrap()),
    }
}

fn through(proxy: SocketAddr) -> Prober {
    let mut prober = prober(&proxy.to_string(), "");
    prober.limits.timeout = Duration::from_secs(3);
    prober
}

fn trusting(mut prober: Prober, authority: &Authority) -> Prober {
    let trust = TrustConfig {
        ca_files: vec![authority.file()],
        ..TrustConfig::default()
    };
    prober.tls = Arc::new(TlsTrust::load(&trust).unwrap());
    prober
}

fn named(probe: Probe, port: u16) -> Target {
    scripted::target(probe, Host::Name(NAME.to_owned()), Some(port))
}

fn https() -> Target {
    named(Probe::Https(Https::default()), 443)
}

/// The same with a deadline that passes soon.
async fn impatient(proxy: SocketAddr, target: &Target) -> Outcome {
    prober(&proxy.to_string(), "").attempt(target, 0).await
}

fn detail(outcome: &Outcome) -> &str {
    &outcome.verdict.failure().unwrap().detail
}

#[tokio::test]
async fn https_is_proven_through_a_tunnel_and_the_target_is_not_resolved() {
    let authority = Authority::new();
    let server = authority.identity(NAME, YEARS).serve().await;
    let proxy = Scripted::tunnel(server).await;
    // No nameserver is known: to resolve anything would be a failure.
    let prober = trusting(through(proxy.address), &authority);
    let outcome = prober.attempt(&https(), 0).await;
    assert_reachable(&outcome);
    let request = proxy.asked.lock().unwrap()[0].to_ascii_lowercase();
    assert!(
        request.starts_with("connect mcr.microsoft.com:443 http/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.contains("\r\nhost: mcr.microsoft.com:443\r\n"),
        "{request}"
    );
    assert!(!request.contains("connection: close"), "{request}");
    let hop = ProxyHop {
        address: proxy.address.to_string(),
        via: "configuration",
        status: Some(200),
    };
    assert_eq!(outcome.facts.proxy, Some(hop));
    assert_eq!(outcome.facts.http.unwrap().status, 200);
    assert_eq!(outcome.addresses[0].address, proxy.address);
    let phases: Vec<_> = outcome.phases.iter().map(|timing| timing.phase).collect();
    assert_eq!(
        phases,
        [
            Phase::Resolve,
            Phase::Connect,
            Phase::Tunnel,
            Phase::Tls,
            Phase::Request
        ]
    );
}

#[tokio::test]
async fn the_certificate_behind_a_tunnel_is_the_targets_or_it_is_refused() {
    let authority = Authority::new();
    let server = authority.identity("proxy.example", YEARS).serve().await;
    let proxy = Scripted::tunnel(server).await;
    let prober = trusting(through(proxy.address), &authority);
    let outcome = prober.attempt(&https(), 0).await;
    assert_eq!(
        refuted(&outcome),
        (Phase::Tls, Reason::CertificateNameMismatch)
    );
    assert_eq!(outcome.facts.proxy.unwrap().status, Some(200));
}

#[tokio::test]
async fn the_second_handshake_has_a_tunnel_of_its_own() {
    let authority = Authority::new();
    let mut identity = authority.identity(NAME, YEARS);
    identity.alpn = vec![b"konnectivity".to_vec(), b"http/1.1".to_vec()];
    let proxy = Scripted::tunnel(identity.serve().await).await;
    let prober = trusting(through(proxy.address), &authority);
    let alpn = vec!["konnectivity".to_owned()];
    let https = Https {
        alpn,
        ..Https::default()
    };
    assert_reachable(&prober.attempt(&named(Probe::Https(https), 443), 0).await);
    assert_eq!(proxy.lines(), ["CONNECT mcr.microsoft.com:443 HTTP/1.1"; 2]);
}

#[tokio::test]
async fn every_2xx_opens_a_tunnel_whatever_stands_below_it() {
    let authority = Authority::new();
    let server = authority.identity(NAME, YEARS).serve().await;
    for head in [
        "HTTP/1.0 200 Connection established\r\n\r\n",
        "HTTP/1.1 200 OK\r\nVia: 1.1 gate (squid)\r\nProxy-Agent: gate\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
    ] {
        let proxy = Scripted::new(move |_| Act::Tunnel(head.to_owned(), server)).await;
        let prober = trusting(through(proxy.address), &authority);
        let outcome = prober.attempt(&https(), 0).await;
        assert_eq!(outcome.verdict.failure(), None, "{head}");
    }
}

#[tokio::test]
async fn a_refusal_is_the_proxys_and_says_which() {
    for (head, reason, status) in [
        (DENIED, Reason::ProxyRefused, 403),
        (
            "HTTP/1.1 502 Bad Gateway\r\n\r\n",
            Reason::ProxyRefused,
            502,
        ),
        ("HTTP/1.0 503 Busy\r\n\r\nno way", Reason::ProxyRefused, 503),
        (
            "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
            Reason::ProxyRefused,
            101,
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n",
            Reason::ProxyRefused,
            302,
        ),
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 9999\r\n\r\nx",
            Reason::ProxyAuthRequired,
            407,
        ),
    ] {
        let proxy = Scripted::new(move |_| Act::Say(head)).await;
        for target in [https(), named(Probe::Tcp, 9000), named(Probe::Ssh, 22)] {
            let outcome = through(proxy.address).attempt(&target, 0).await;
            assert_eq!(refuted(&outcome), (Phase::Tunnel, reason), "{head}");
            assert_eq!(outcome.facts.proxy.as_ref().unwrap().status, Some(status));
            assert_eq!(outcome.facts.http, None);
            let words = format!(
                "CONNECT {NAME}:{} with status {status}",
                target.port.unwrap()
            );
            assert!(detail(&outcome).contains(&words), "{}", detail(&outcome));
        }
    }
}

#[tokio::test]
async fn what_squid_says_of_its_refusal_is_shown() {
    let head = "HTTP/1.1 403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n\r\n";
    let proxy = Scripted::new(move |_| Act::Say(head)).await;
    let outcome = through(proxy.address).attempt(&https(), 0).await;
    assert!(detail(&outcome).ends_with("(X-Squid-Error: ERR_ACCESS_DENIED 0)"));
}

#[tokio::test]
async fn an_answer_that_is_none_fails_in_the_tunnel_by_what_it_is() {
    let flood = [
        b"HTTP/1.1 200 OK\r\nX: ".to_vec(),
        vec![b'x'; 64 * 1024],
        b"\r\n\r\n".to_vec(),
    ];
    for (proxy, reason) in [
        (silent().await, Reason::Timeout),
        (closes().await, Reason::ConnectionClosed),
        (resets().await, Reason::ConnectionReset),
        (
            answers(*b"SSH-2.0-OpenSSH_9.6\r\n").await,
            Reason::HttpProtocol,
        ),
        (answers(flood.concat()).await, Reason::HttpProtocol),
        (
            answers(*b"HTTP/1.1 200 OK\r\nVia").await,
            Reason::ConnectionClosed,
        ),
    ] {
        let outcome = impatient(proxy, &https()).await;
        assert_eq!(refuted(&outcome), (Phase::Tunnel, reason));
        assert_eq!(outcome.facts.proxy.as_ref().unwrap().status, None);
        assert_eq!(outcome.addresses[0].address, proxy);
    }
}

#[tokio::test]
async fn a_proxy_that_cannot_be_reached_fails_while_connecting() {
    let proxy = closed_port().await;
    for target in [https(), named(Probe::Http, 80)] {
        let outcome = impatient(proxy, &target).await;
        let expected = (Phase::Connect, Reason::ConnectionRefused);
        assert_eq!(refuted(&outcome), expected);
        let words = format!("the proxy {proxy}: ");
        assert!(detail(&outcome).starts_with(&words), "{}", detail(&outcome));
    }
}

#[tokio::test]
async fn only_the_proxys_own_name_is_resolved() {
    leave_the_network();
    let nameserver = Server::dns(|query| {
        let absent = query.queries[0].name().to_ascii().starts_with("absent");
        vec![if absent {
            scripted::reply(query, ResponseCode::NXDomain)
        } else {
            scripted::answer(query, &[("proxy.example", "192.0.2.7")])
        }]
    })
    .await;
    for (proxy, expected) in [
        (
            "absent.example:3128",
            (Phase::Resolve, Reason::NameNotFound),
        ),
        // No route: nothing is sent.
        ("proxy.example:3128", (Phase::Connect, Reason::Unreachable)),
    ] {
        let mut prober = prober(proxy, "");
        prober.resolver = Arc::new(Resolver::new(vec![nameserver.address]));
        let outcome = prober.attempt(&https(), 0).await;
        assert_eq!(refuted(&outcome), expected);
        assert!(detail(&outcome).starts_with(&format!("the proxy {proxy}: ")));
        assert_eq!(outcome.facts.proxy.as_ref().unwrap().address, proxy);
    }
    let asked_for_target = |query: &Vec<u8>| query.windows(3).any(|part| part == b"mcr");
    assert!(!nameserver.received().iter().any(asked_for_target));
}

#[tokio::test]
async fn trouble_of_the_agents_own_on_the_way_to_the_proxy_decides_nothing() {
    let outcome = prober("proxy.example:3128", "").attempt(&https(), 0).await;
    assert_eq!(unproven(&outcome), (Phase::Resolve, Reason::Internal));
}

#[tokio::test]
async fn what_is_excepted_goes_directly() {
    let proxy = Scripted::new(|_| Act::Say(DENIED)).await;
    let nameserver =
        Server::dns(|query| vec![scripted::reply(query, ResponseCode::NXDomain)]).await;
    let mut prober = prober(&proxy.address.to_string(), "microsoft.com");
    prober.resolver = Arc::new(Resolver::new(vec![nameserver.address]));
    let outcome = prober.attempt(&https(), 0).await;
    assert_eq!(refuted(&outcome), (Phase::Resolve, Reason::NameNotFound));
    assert_eq!(outcome.facts.proxy, None);
    let server = says(b"SSH-2.0-test\r\n").await;
    let target = scripted::target(Probe::Ssh, Host::Address(LOOPBACK), Some(server.port()));
    assert_reachable(&prober.attempt(&target, 0).await);
    assert!(proxy.lines().is_empty());
}

#[tokio::test]
async fn a_banner_that_comes_with_the_answer_of_the_proxy_is_not_lost() {
    for early in ["", "SSH-2.0-ea", "SSH-2.0-early\r\n"] {
        let rest = "SSH-2.0-early\r\n"[early.len()..].to_owned();
        let server = answers(rest).await;
        let head = format!("{ESTABLISHED}{early}");
        let proxy = Scripted::new(move |_| Act::Tunnel(head.clone(), server)).await;
        let outcome = through(proxy.address)
            .attempt(&named(Probe::Ssh, 22), 0)
            .await;
        assert_reachable(&outcome);
        assert_eq!(outcome.facts.banner.as_deref(), Some("SSH-2.0-early"));
    }
}

/// One that leads to the target, and treats the control address as told.
async fn with_control(control: fn() -> Act) -> (Outcome, Vec<String>) {
    let server = silent().await;
    let proxy = Scripted::new(move |request| {
        if request.starts_with("CONNECT 192.0.2.1:9000 ") {
            control()
        } else {
            Act::Tunnel(ESTABLISHED.to_owned(), server)
        }
    })
    .await;
    let outcome = through(proxy.address)
        .attempt(&named(Probe::Tcp, 9000), 0)
        .await;
    let mut lines = proxy.lines();
    lines.sort();
    (outcome, lines)
}

#[tokio::test]
async fn a_tunnel_proves_a_port_unless_the_proxy_opens_one_to_everywhere() {
    for refused in [|| Act::Say(DENIED), || Act::Say("no HTTP"), || Act::Wait] {
        let (outcome, lines) = with_control(refused).await;
        assert_reachable(&outcome);
        assert!(!outcome.facts.control.unwrap().accepted);
        assert!(outcome.elapsed < Duration::from_millis(300), "{outcome:?}");
        assert_eq!(
            lines,
            [
                "CONNECT 192.0.2.1:9000 HTTP/1.1",
                "CONNECT mcr.microsoft.com:9000 HTTP/1.1"
            ]
        );
    }
    let (outcome, _) = with_control(|| Act::Say(ESTABLISHED)).await;
    assert_eq!(unproven(&outcome), (Phase::Tunnel, Reason::InterceptedPort));
    assert!(outcome.facts.control.unwrap().accepted);
}

#[tokio::test]
async fn clear_text_is_asked_of_the_proxy_in_absolute_form() {
    for (port, uri) in [
        (80, "http://mcr.microsoft.com/"),
        (8080, "http://mcr.microsoft.com:8080/"),
    ] {
        let head =
            "HTTP/1.1 404 Not Found\r\nVia: 1.1 gate (squid/5.7)\r\nContent-Length: 0\r\n\r\n";
        let proxy = Scripted::new(move |_| Act::Say(head)).await;
        let outcome = through(proxy.address)
            .attempt(&named(Probe::Http, port), 0)
            .await;
        assert_reachable(&outcome);
        assert_eq!(proxy.lines(), [format!("HEAD {uri} HTTP/1.1")]);
        assert_eq!(outcome.facts.http.unwrap().status, 404);
        assert_eq!(outcome.facts.proxy.unwrap().status, None);
    }
}

#[tokio::test]
async fn what_a_proxy_answers_for_itself_in_clear_text_is_no_proof() {
    const OWN: [&str; 3] = [
        "HTTP/1.1 403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\nVia: 1.1 gate (squid)\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\nServer: tinyproxy/1.11\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://block.example.com/\r\n\r\n",
    ];
    const ANYBODYS: [&str; 3] = [
        "HTTP/1.1 403 Forbidden\r\nServer: nginx\r\n\r\n",
        "HTTP/1.1 503 Busy\r\nVia: 1.1 gate (squid)\r\n\r\n",
        "HTTP/1.1 504 Late\r\n\r\n",
    ];
    let attempt = |words: &'static str| async move {
        let proxy = Scripted::new(move |_| Act::Say(words)).await;
        through(proxy.address)
            .attempt(&named(Probe::Http, 80), 0)
            .await
    };
    for words in OWN {
        let outcome = attempt(words).await;
        assert_eq!(refuted(&outcome), (Phase::Request, Reason::HttpDenied));
        assert!(outcome.facts.http.unwrap().middlebox.is_some());
    }
    for words in ANYBODYS {
        let outcome = attempt(words).await;
        assert_eq!(unproven(&outcome), (Phase::Request, Reason::HttpDenied));
        assert_eq!(outcome.facts.http.unwrap().middlebox, None);
    }
    let outcome = attempt("HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic\r\n\r\n").await;
    assert_eq!(
        refuted(&outcome),
        (Phase::Request, Reason::ProxyAuthRequired)
    );
}
