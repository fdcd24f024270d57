//! Named pipes and TCP from both sides, in one process.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use windows_sys::Win32::System::Threading::{CreateMutexW, ReleaseMutex};

use super::*;
use crate::transport::{News, Poller};

const LISTENER: u64 = 1;
const WAKER: u64 = 2;
const CONNECTION: u64 = 3;

struct Server {
    listener: Listener,
    waker: Waker,
    poller: Poller,
}

impl Server {
    fn new(endpoint: &str) -> Self {
        let Opened::Listener(listener) = open(&endpoint.parse().unwrap()).unwrap() else {
            panic!("a listener was expected")
        };
        let (waker, poller) = (Waker::new().unwrap(), Poller::new().unwrap());
        poller.add_level(&waker, WAKER).unwrap();
        poller.add_level(&listener, LISTENER).unwrap();
        Self { listener, waker, poller }
    }

    fn news(&self, timeout: Option<Duration>) -> Vec<u64> {
        let mut news: Vec<News> = Vec::new();
        self.poller.wait(&mut news, timeout).unwrap();
        news.iter().map(|news| news.token).collect()
    }

    fn accept(&self) -> Stream {
        loop {
            if let Some(stream) = self.listener.accept().unwrap() {
                self.poller.add(&stream, CONNECTION).unwrap();
                return stream;
            }
            self.news(None);
        }
    }

    fn read(&self, stream: &Stream) -> Vec<u8> {
        let mut buffer = vec![0; 100_000];
        loop {
            match stream.read(&mut buffer) {
                Ok(length) => return buffer[..length].to_vec(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.news(None);
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

fn pipe_name() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("iiswsgi-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn pipe_client(name: &str) -> File {
    // Between two clients the pipe is busy for a moment.
    loop {
        match OpenOptions::new().read(true).write(true).open(format!(r"\\.\pipe\{name}")) {
            Ok(file) => return file,
            Err(_) => thread::sleep(Duration::from_millis(1)),
        }
    }
}

#[test]
fn a_pipe_serves_one_client_after_the_other() {
    let name = pipe_name();
    let server = Server::new(&format!("pipe:{name}"));
    for round in 0..3 {
        let path = name.clone();
        let client = thread::spawn(move || {
            let mut client = pipe_client(&path);
            client.write_all(format!("question {round}").as_bytes()).unwrap();
            let mut answer = [0; 8];
            client.read_exact(&mut answer).unwrap();
            answer
        });
        let stream = server.accept();
        assert_eq!(server.read(&stream), format!("question {round}").into_bytes());
        assert!(server.listener.accept().unwrap().is_none());
        assert_eq!(stream.write(format!("answer {round}").as_bytes()).unwrap(), 8);
        assert_eq!(client.join().unwrap(), *format!("answer {round}").as_bytes());
        assert_eq!(server.read(&stream), b"");
        drop(stream);
    }
}

#[test]
fn a_waker_ends_each_kind_of_waiting() {
    let name = pipe_name();
    let server = Server::new(&format!("pipe:{name}"));
    let wake = |server: &Server| server.waker.wake(7);
    thread::scope(|scope| {
        let (waiting, server) = (&server, &server);
        scope.spawn(move || wake(waiting));
        while !server.news(None).contains(&WAKER) {}
    });
    assert_eq!(server.waker.take(), [7]);
    let _client = pipe_client(&name);
    let mut stream = server.accept();
    for _ in 0..20 {
        thread::scope(|scope| {
            let (waiting, server) = (&server, &server);
            scope.spawn(move || wake(waiting));
            while !server.news(None).contains(&WAKER) {}
        });
        assert_eq!(server.waker.take(), [7]);
        server.waker.wake(0);
        let error = stream.read_soon(&mut [0; 8], Duration::from_mins(1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        while server.waker.take().is_empty() {}
    }
    assert_eq!(server.news(Some(Duration::from_millis(5))), [] as [u64; 0]);
}

#[test]
fn answers_larger_than_the_pipe_go_out_while_the_question_still_comes() {
    const SIZE: usize = 3 << 20;
    let name = pipe_name();
    let server = Server::new(&format!("pipe:{name}"));
    let path = name.clone();
    let client = thread::spawn(move || {
        let mut client = pipe_client(&path);
        let question: Vec<u8> = (0..SIZE).map(|at| (at % 251) as u8).collect();
        client.write_all(&question).unwrap();
        let mut answer = vec![0; SIZE];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(answer, question);
    });
    let stream = server.accept();
    let (mut waiting, mut seen, mut sent) = (Vec::new(), 0, 0);
    let mut buffer = vec![0; 100_000];
    while sent < SIZE {
        match stream.read(&mut buffer) {
            Ok(length) => {
                seen += length;
                waiting.extend_from_slice(&buffer[..length]);
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        match stream.write(&waiting) {
            Ok(length) => {
                sent += length;
                waiting.drain(..length);
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                stream.wait(Interest::Either, None).unwrap();
            }
        }
    }
    assert_eq!(seen, SIZE);
    client.join().unwrap();
}

#[test]
fn an_answer_is_read_whole_by_a_slow_client_before_the_pipe_is_disconnected() {
    let name = pipe_name();
    let server = Server::new(&format!("pipe:{name}"));
    let client = thread::spawn({
        let name = name.clone();
        move || {
            let mut client = pipe_client(&name);
            client.write_all(b"?").unwrap();
            thread::sleep(Duration::from_millis(50));
            let mut answer = Vec::new();
            // The end may be told as an error: the pipe was disconnected.
            let _ = client.read_to_end(&mut answer);
            answer
        }
    });
    let stream = server.accept();
    assert_eq!(server.read(&stream), b"?");
    stream.write(b"the answer").unwrap();
    drop(stream);
    assert_eq!(client.join().unwrap(), b"the answer");
}

#[test]
fn sockets_are_served_many_at_a_time() {
    let server = Server::new("tcp:127.0.0.1:0");
    let Endpoint::Tcp(host, port) = server.listener.endpoint().clone() else { panic!("TCP was expected") };
    let mut clients: Vec<TcpStream> =
        (0..5).map(|_| TcpStream::connect((host.as_str(), port)).unwrap()).collect();
    let mut streams = Vec::new();
    while streams.len() < clients.len() {
        assert!(server.news(None).contains(&LISTENER));
        while let Some(stream) = server.listener.accept().unwrap() {
            server.poller.add(&stream, CONNECTION + streams.len() as u64).unwrap();
            streams.push(stream);
        }
    }
    clients[3].write_all(b"three").unwrap();
    assert_eq!(server.news(None), [CONNECTION + 3]);
    // It is told once.
    assert_eq!(server.news(Some(Duration::ZERO)), [] as [u64; 0]);
    let mut buffer = [0; 16];
    assert_eq!(streams[3].read(&mut buffer).unwrap(), 5);
    assert_eq!(streams[3].read(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(streams[3].write(b"answer").unwrap(), 6);
    clients[3].read_exact(&mut buffer[..6]).unwrap();
    assert_eq!(&buffer[..6], b"answer");
    clients.remove(1);
    assert_eq!(server.news(None), [CONNECTION + 1]);
    assert_eq!(streams[1].read(&mut buffer).unwrap(), 0);
    server.waker.wake(9);
    assert!(server.news(None).contains(&WAKER));
    assert_eq!(server.waker.take(), [9]);
}

#[test]
fn a_number_that_is_no_event_is_refused() {
    for number in ["", "x", "123456"] {
        assert!(ShutdownEvent::inherited(number).is_err(), "{number}");
    }
}

#[test]
fn clients_are_waited_for_in_turns() {
    let name = pipe_name();
    let server = Server::new(&format!("pipe:{name}"));
    #[expect(unsafe_code, reason = "a call of Windows")]
    // SAFETY: no pointer is handed over. The mutex is this thread's from the start.
    let mutex = unsafe { CreateMutexW(std::ptr::null(), 1, std::ptr::null()) };
    server.listener.take_turns(&(mutex as usize).to_string()).unwrap();
    thread::scope(|scope| {
        let (sender, accepted) = channel();
        scope.spawn(move || {
            drop(server.accept());
            sender.send(()).unwrap();
        });
        let client = pipe_client(&name);
        assert!(accepted.recv_timeout(Duration::from_millis(200)).is_err(), "it is another's turn");
        #[expect(unsafe_code, reason = "a call of Windows")]
        // SAFETY: the handle is open: the server that has it lives.
        unsafe {
            ReleaseMutex(mutex);
        }
        accepted.recv().unwrap();
        drop(client);
    });
}
