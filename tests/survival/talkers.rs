//! Servers that say one thing for ever, and count how much of it was taken.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use egress_lab::Namespace;
use socket2::SockRef;

/// Over TCP.
#[derive(Clone, Copy)]
pub(crate) struct Talker {
    pub(crate) port: u16,
    /// Of the target there.
    pub(crate) probe: &'static str,
    /// Said once, when the peer has said something (or at once, where servers speak first).
    pub(crate) begins: &'static [u8],
    /// Said again and again.
    pub(crate) again: &'static [u8],
    /// Between two times.
    pub(crate) pause: Duration,
    /// What the agent says of it.
    pub(crate) verdict: &'static str,
}

/// The most that one peer has taken.
pub(crate) type Taken = Arc<AtomicUsize>;

impl Talker {
    pub(crate) const fn new(
        (port, probe): (u16, &'static str),
        (begins, again): (&'static [u8], &'static [u8]),
        verdict: &'static str,
    ) -> Self {
        Self {
            port,
            probe,
            begins,
            again,
            pause: Duration::ZERO,
            verdict,
        }
    }

    /// The same, slowly.
    pub(crate) const fn dripping(self) -> Self {
        Self {
            pause: Duration::from_millis(100),
            ..self
        }
    }

    /// Listens at this address until the process ends.
    pub(crate) fn listen(self, internet: &Namespace, address: Ipv4Addr) -> Taken {
        let most = Taken::default();
        let taken = Arc::clone(&most);
        let bound = internet.enter(move || Ok(TcpListener::bind((address, self.port))?));
        let listener = bound.expect("a free port");
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let taken = Arc::clone(&taken);
                thread::spawn(move || self.talk(stream, &taken));
            }
        });
        most
    }

    /// Ends when the peer is gone.
    fn talk(self, mut stream: TcpStream, taken: &AtomicUsize) {
        // What waits in buffers of this side was not taken.
        let small = SockRef::from(&stream).set_send_buffer_size(4096);
        small.expect("a small buffer");
        if self.probe != "ssh" {
            // A peer that says nothing is talked to all the same.
            let _ = stream.read(&mut [0; 4096]);
        }
        let mut said = 0;
        let mut next = self.begins;
        while let Ok(count) = stream.write(next) {
            said += count;
            taken.fetch_max(said, Ordering::Relaxed);
            next = self.again;
            thread::sleep(self.pause);
        }
    }
}

/// Answers every datagram with so many, each made of the question.
pub(crate) fn flood(
    internet: &Namespace,
    (address, port): (Ipv4Addr, u16),
    count: usize,
    answer: fn(&[u8]) -> Vec<u8>,
) {
    let bound = internet.enter(move || Ok(UdpSocket::bind((address, port))?));
    let socket = bound.expect("a free port");
    thread::spawn(move || {
        let mut question = [0; 2048];
        while let Ok((length, peer)) = socket.recv_from(&mut question) {
            let answer = answer(&question[..length]);
            for _ in 0..count {
                // The peer may be gone.
                let _ = socket.send_to(&answer, peer);
            }
        }
    });
}
