//! Servers on loopback that do what a test tells them, for the tests of the probes.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType, rdata};
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;

use crate::target::{Host, Probe, Target};

/// A server that lives as long as this value.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    received: Arc<Mutex<Vec<Vec<u8>>>>,
    tasks: JoinSet<()>,
    /// Holds the port over TCP too, and refuses connections until it listens.
    reserved: Option<Socket>,
}

impl Server {
    /// Answers every datagram with the datagrams that the script makes of it.
    pub(super) async fn udp(script: impl FnMut(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        let (socket, reserved) = port_of_both().await;
        Self {
            reserved: Some(reserved),
            ..Self::started(socket, to_the_sender(script))
        }
    }

    /// The same at a given address of the loopback network and a port; over UDP only.
    pub(super) async fn udp_at(
        address: Ipv4Addr,
        port: u16,
        script: impl FnMut(&[u8]) -> Vec<Vec<u8>> + Send + 'static,
    ) -> Self {
        let socket = UdpSocket::bind((address, port)).await.unwrap();
        Self::started(socket, to_the_sender(script))
    }

    /// Answers each DNS query when `behind` more have come.
    pub(super) async fn late(
        behind: usize,
        script: impl Fn(&Message) -> Message + Send + 'static,
    ) -> Self {
        let (socket, reserved) = port_of_both().await;
        let mut waiting = VecDeque::new();
        let serve = move |query: &[u8], from| {
            let query = Message::from_vec(query).unwrap();
            waiting.push_back((script(&query).to_vec().unwrap(), from));
            let due = waiting.len() > behind;
            let due = due.then(|| waiting.pop_front()).flatten();
            due.into_iter().collect()
        };
        Self {
            reserved: Some(reserved),
            ..Self::started(socket, serve)
        }
    }

    /// `serve` makes datagrams, and to whom they go, of one datagram and whose it is.
    fn started(
        socket: UdpSocket,
        mut serve: impl FnMut(&[u8], SocketAddr) -> Vec<(Vec<u8>, SocketAddr)> + Send + 'static,
    ) -> Self {
        let address = socket.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&received);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut buffer = vec![0; 65_535];
            loop {
                let Ok((length, from)) = socket.recv_from(&mut buffer).await else {
                    continue; // the client of an earlier reply is gone
                };
                seen.lock().unwrap().push(buffer[..length].to_vec());
                for (reply, to) in serve(&buffer[..length], from) {
                    socket.send_to(&reply, to).await.unwrap();
                }
            }
        });
        Self {
            address,
            received,
            tasks,
            reserved: None,
        }
    }

    /// Also answers framed messages over TCP at the same port, with raw bytes; then closes.
    pub(super) fn and_tcp(
        mut self,
        mut script: impl FnMut(&[u8]) -> Vec<u8> + Send + 'static,
    ) -> Self {
        let reserved = self.reserved.take().expect("the port of a server of both");
        reserved.listen(16).unwrap();
        let listener = TcpListener::from_std(reserved.into()).unwrap();
        self.tasks.spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let length = stream.read_u16().await.unwrap();
                let mut message = vec![0; usize::from(length)];
                stream.read_exact(&mut message).await.unwrap();
                stream.write_all(&script(&message)).await.unwrap();
            }
        });
        self
    }

    /// Answers DNS queries with what the script makes of them.
    pub(super) async fn dns(
        mut script: impl FnMut(&Message) -> Vec<Message> + Send + 'static,
    ) -> Self {
        Self::udp(move |query| {
            let query = Message::from_vec(query).unwrap();
            let replies = script(&query);
            replies
                .iter()
                .map(|reply| reply.to_vec().unwrap())
                .collect()
        })
        .await
    }

    /// Receives and says nothing.
    pub(super) async fn silent() -> Self {
        Self::udp(|_| Vec::new()).await
    }

    /// What it received, in order.
    pub(super) fn received(&self) -> Vec<Vec<u8>> {
        self.received.lock().unwrap().clone()
    }
}

fn to_the_sender(
    mut script: impl FnMut(&[u8]) -> Vec<Vec<u8>> + Send + 'static,
) -> impl FnMut(&[u8], SocketAddr) -> Vec<(Vec<u8>, SocketAddr)> + Send + 'static {
    move |datagram, from| {
        let replies = script(datagram).into_iter();
        replies.map(|reply| (reply, from)).collect()
    }
}

/// A port that is free over UDP and TCP alike; over TCP it is bound and does not listen yet.
async fn port_of_both() -> (UdpSocket, Socket) {
    for _ in 0..100 {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let tcp = Socket::new(Domain::IPV4, Type::STREAM.nonblocking(), None).unwrap();
        // A connection of another test may have the port.
        if tcp.bind(&udp.local_addr().unwrap().into()).is_ok() {
            return (udp, tcp);
        }
    }
    panic!("no port is free over both transports");
}

/// An address where nobody listens, neither over UDP nor over TCP.
pub(super) async fn closed_port() -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    socket.local_addr().unwrap()
}

/// With the length before it.
pub(super) fn framed(message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len()).unwrap();
    [&length.to_be_bytes(), message].concat()
}

/// A reply to `query` without records.
pub(super) fn reply(query: &Message, rcode: ResponseCode) -> Message {
    let mut reply = Message::error_msg(query.metadata.id, query.metadata.op_code, rcode);
    reply.add_queries(query.queries.clone());
    reply
}

/// A reply with those records that answer the question, or are aliases.
pub(super) fn answer(query: &Message, records: &[(&str, &str)]) -> Message {
    let mut reply = reply(query, ResponseCode::NoError);
    for (owner, data) in records {
        let record = record(owner, data);
        let kind = record.record_type();
        if kind == RecordType::CNAME || kind == query.queries[0].query_type {
            reply.add_answer(record);
        }
    }
    reply
}

/// `data` is an address, or else the name that `owner` is an alias of.
pub(super) fn record(owner: &str, data: &str) -> Record {
    let data = match (data.parse(), data.parse()) {
        (Ok(address), _) => RData::A(rdata::A(address)),
        (_, Ok(address)) => RData::AAAA(rdata::AAAA(address)),
        _ => RData::CNAME(rdata::CNAME(name(data))),
    };
    Record::from_rdata(name(owner), 60, data)
}

/// An absolute name.
pub(super) fn name(text: &str) -> Name {
    let mut name = Name::from_ascii(text).unwrap();
    name.set_fqdn(true);
    name
}

/// Whether the question is for IPv4 addresses.
pub(super) fn asks_v4(query: &Message) -> bool {
    query.queries[0].query_type == RecordType::A
}

/// A target that only has what a probe looks at.
pub(super) fn target(probe: Probe, host: Host, port: Option<u16>) -> Target {
    Target::bare(probe, host, port)
}

mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_else_gets_a_servers_port_before_it_listens_over_tcp() {
        let server = Server::silent().await;
        assert!(TcpListener::bind(server.address).await.is_err());
        server.and_tcp(|_| Vec::new());
    }
}
