//! Tests of the Unix transport with real sockets.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::path::PathBuf;

use super::super::News;
use super::*;

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("iiswsgi-transport-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn listen(path: &Path) -> Result<Listener, Error> {
    match open(&Endpoint::Unix(path.to_owned()))? {
        Opened::Listener(listener) => Ok(listener),
        Opened::Connected(_) => panic!("a socket file is a listener"),
    }
}

fn number(descriptor: &impl AsRawFd) -> u32 {
    u32::try_from(descriptor.as_raw_fd()).unwrap()
}

#[test]
fn takes_a_stale_socket_file_over_and_removes_its_own() {
    let folder = Folder::new("stale");
    let path = folder.0.join("app.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "the standard library leaves the file");
    let listener = listen(&path).unwrap();
    let mut client = UnixStream::connect(&path).unwrap();
    let stream = listener.accept().unwrap().unwrap();
    assert_eq!(stream.write(b"hello").unwrap(), 5);
    let mut buffer = [0; 5];
    client.read_exact(&mut buffer).unwrap();
    assert_eq!(&buffer, b"hello");
    drop(listener);
    assert!(!path.exists());
}

#[test]
fn does_not_take_a_socket_from_a_program_that_lives() {
    let folder = Folder::new("alive");
    let path = folder.0.join("app.sock");
    let _first = listen(&path).unwrap();
    assert!(matches!(listen(&path), Err(Error::InUse { .. })));
    assert!(path.exists());
}

#[test]
fn does_not_overwrite_a_file_that_is_no_socket() {
    let folder = Folder::new("file");
    let path = folder.0.join("app.sock");
    fs::write(&path, "precious").unwrap();
    assert!(matches!(listen(&path), Err(Error::NoSocket { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"precious");
}

#[test]
fn does_not_remove_a_socket_file_that_another_program_has_made_since() {
    let folder = Folder::new("replaced");
    let path = folder.0.join("app.sock");
    let listener = listen(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let _other = std::os::unix::net::UnixListener::bind(&path).unwrap();
    drop(listener);
    assert!(path.exists());
}

#[test]
fn tells_the_port_that_the_system_chose() {
    let Ok(Opened::Listener(listener)) = open(&"tcp:127.0.0.1:0".parse().unwrap()) else {
        panic!("not listening")
    };
    let Endpoint::Tcp(host, port) = listener.endpoint().clone() else { panic!("not TCP") };
    assert_ne!(port, 0);
    std::net::TcpStream::connect((host.as_str(), port)).unwrap();
}

#[test]
fn knows_what_an_inherited_descriptor_is() {
    let folder = Folder::new("kinds");
    let listener = std::os::unix::net::UnixListener::bind(folder.0.join("a.sock")).unwrap();
    let (one, _other) = UnixStream::pair().unwrap();
    let file = fs::File::create(folder.0.join("file")).unwrap();
    let (pipe, _writer) = io::pipe().unwrap();
    assert_eq!(inherited(number(&listener)), Inherited::ListeningSocket);
    assert_eq!(inherited(number(&one)), Inherited::ConnectedSocket);
    assert_eq!(inherited(number(&file)), Inherited::File);
    assert_eq!(inherited(number(&pipe)), Inherited::Pipe);
    assert_eq!(inherited(999_999), Inherited::Closed);
    assert_eq!(inherited(u32::MAX), Inherited::Closed);
    assert!(matches!(take(number(&file)), Err(Error::Inherited { kind: Inherited::File, .. })));
}

#[test]
fn serves_on_an_inherited_listener() {
    let folder = Folder::new("inherited");
    let path = folder.0.join("a.sock");
    let theirs = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let Ok(Opened::Listener(listener)) = take(number(&theirs)) else { panic!("not a listener") };
    assert!(listener.accept().unwrap().is_none(), "it never blocks");
    let _client = UnixStream::connect(&path).unwrap();
    assert!(listener.accept().unwrap().is_some());
    drop(listener);
    assert!(path.exists(), "the file is whoever's made it");
}

#[test]
fn a_poller_tells_of_arrivals_and_of_being_woken() {
    let poller = super::super::Poller::new().unwrap();
    let waker = Waker::new().unwrap();
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let stream = Stream::new(theirs.into()).unwrap();
    poller.add_level(&waker, 1).unwrap();
    poller.add(&stream, 2).unwrap();
    let mut news = Vec::new();
    let soon = Some(Duration::from_millis(1));
    poller.wait(&mut news, soon).unwrap();
    assert!(news.is_empty());
    ours.write_all(b"x").unwrap();
    poller.wait(&mut news, soon).unwrap();
    waker.wake(15);
    poller.wait(&mut news, soon).unwrap();
    let (arrival, woken) = (News { token: 2, ended: false }, News { token: 1, ended: false });
    assert_eq!(news, [arrival, woken]);
    assert_eq!(waker.take(), [15]);
    assert_eq!(stream.read(&mut [0; 10]).unwrap(), 1);
    assert_eq!(stream.read(&mut [0; 10]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    ours.write_all(b"last").unwrap();
    drop(ours);
    news.clear();
    poller.wait(&mut news, soon).unwrap();
    assert_eq!(news, [News { token: 2, ended: true }], "the end of the stream is news");
}

#[test]
fn reads_to_several_places_and_says_when_a_peer_takes_nothing() {
    let folder = Folder::new("vectored");
    let path = folder.0.join("app.sock");
    let listener = listen(&path).unwrap();
    let mut client = UnixStream::connect(&path).unwrap();
    let mut stream = listener.accept().unwrap().unwrap();
    client.write_all(b"headcontent").unwrap();
    let (mut head, mut content) = ([0; 4], [0; 20]);
    let mut places = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut content)];
    assert_eq!(stream.read_vectored(&mut places).unwrap(), 11);
    assert_eq!((&head, &content[..7]), (b"head", &b"content"[..]));
    let empty = stream.read_vectored(&mut [IoSliceMut::new(&mut head)]);
    assert_eq!(empty.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    let large = vec![0; 1 << 20];
    let full = loop {
        match stream.write_soon(&[IoSlice::new(&large)], Duration::from_millis(1), false) {
            Ok(sent) => assert!(sent > 0),
            Err(error) => break error,
        }
    };
    assert_eq!(full.kind(), io::ErrorKind::WouldBlock, "nobody reads");
}
