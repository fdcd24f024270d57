//! The simulated IIS as a web server: HTTP/1.1 on a TCP socket, for the applications of one site.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyStream, Either, Full, StreamBody};
use hyper::body::{Frame, Incoming as HyperBody};
use hyper::header::{HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use time::OffsetDateTime;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::monitor::{Failure, about_the_last_error};
use super::page;
use super::{Access, Body, Content, Fault, HOP_BY_HOP, Incoming, Monitor, Patience, Reply, Served};
use crate::error::in_one_line;
use crate::iis::site::{Answer, Endpoints, Request, Url};

/// How long a client may take for the head of a request (`connectionTimeout` of IIS).
const HEAD_TIME: Duration = Duration::from_secs(120);
/// How many pieces of a body wait.
const AHEAD: usize = 4;

/// The applications of a site, and what is known of them.
pub struct Site {
    /// Its name.
    pub name: String,
    applications: RwLock<Vec<Arc<Hosted>>>,
    pub(super) monitor: Monitor,
    /// Whether errors are shown as to a client elsewhere.
    pub as_remote: bool,
}

/// An application with what the page says about it.
pub struct Hosted {
    /// The application.
    pub served: Served,
    /// The package that it came from.
    pub package: String,
    /// The parameters that were used, secrets masked.
    pub parameters: Vec<(String, String)>,
    /// What was simulated when it was installed, as sentences.
    pub simulated: Vec<String>,
}

impl Site {
    /// A site without applications.
    pub fn new(name: impl Into<String>, monitor: Monitor) -> Self {
        Self { name: name.into(), applications: RwLock::default(), monitor, as_remote: false }
    }

    /// Adds an application, or puts it in the place of the one at its path, which is given back.
    pub fn host(&self, hosted: Hosted) -> Option<Arc<Hosted>> {
        let mut applications = self.applications.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let place =
            applications.iter().position(|known| known.served.application == hosted.served.application);
        let hosted = Arc::new(hosted);
        if let Some(place) = place {
            return Some(std::mem::replace(&mut applications[place], hosted));
        }
        applications.push(hosted);
        None
    }

    /// All applications.
    pub fn applications(&self) -> Vec<Arc<Hosted>> {
        self.applications.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// The application that a target belongs to: the one with the longest path.
    fn find(&self, target: &str) -> Option<Arc<Hosted>> {
        let path = Url::parse(target).map_or_else(|_| target.to_owned(), |url| url.text).to_lowercase();
        let belongs = |hosted: &&Arc<Hosted>| {
            let prefix = hosted.served.application.url_prefix().to_lowercase();
            path.strip_prefix(&prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let applications = self.applications();
        applications
            .iter()
            .filter(belongs)
            .max_by_key(|hosted| hosted.served.application.url_prefix().len())
            .cloned()
    }

    async fn answer(&self, incoming: Incoming) -> Result<Reply, Fault> {
        let Some(hosted) = self.find(&incoming.request.target) else {
            return Ok(page::nothing_here(self, &incoming.request));
        };
        let (head, local) = (incoming.request.clone(), incoming.local);
        match hosted.served.answer(incoming, Patience { whole: None }).await {
            Err(fault @ (Fault::Aborted | Fault::ClientGone)) => Err(fault),
            Err(fault) => {
                let said = hosted.served.logs().text();
                self.failed(&head, 500, format!("{}\n{}", in_one_line(&fault), about_the_last_error(&said)));
                Ok(hosted.served.failure(&head, &fault, local))
            }
            Ok(reply) => {
                if reply.status >= 500 && reply.handler != "IIS" {
                    let mut said = hosted.served.logs().text();
                    said.push_str(&String::from_utf8_lossy(&reply.said.bytes()));
                    self.failed(&head, reply.status, about_the_last_error(&said));
                }
                Ok(reply)
            }
        }
    }

    fn failed(&self, request: &Request, status: u16, text: String) {
        let request = format!("{} {}", request.method, request.target);
        self.monitor.failure(Failure { time: OffsetDateTime::now_utc(), request, status, text });
    }
}

/// Takes connections until it is told to end.
///
/// # Errors
/// The socket is of no use any more.
pub async fn serve(listener: TcpListener, site: Arc<Site>, end: impl Future<Output = ()>) -> io::Result<()> {
    let mut end = std::pin::pin!(end);
    let mut sweep = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            () = &mut end => return Ok(()),
            accepted = listener.accept() => match accepted {
                Ok((stream, remote)) => {
                    tokio::spawn(connection(stream, remote, Arc::clone(&site)));
                }
                // The client has gone again, or there are too many of them for the moment.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            _ = sweep.tick() => {
                site.applications().iter().for_each(|hosted| hosted.served.sweep());
            }
        }
    }
}

async fn connection(stream: TcpStream, remote: SocketAddr, site: Arc<Site>) {
    let _ = stream.set_nodelay(true);
    let Ok(local) = stream.local_addr() else { return };
    let endpoints = Endpoints { local, remote };
    let service = service_fn(move |request| respond(request, endpoints, Arc::clone(&site)));
    // A client that breaks off is nobody's fault here.
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .half_close(true)
        .title_case_headers(true)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

type Sent = Either<Full<Bytes>, StreamBody<Pieces>>;
type Pieces = futures_util::stream::BoxStream<'static, Result<Frame<Bytes>, Fault>>;

async fn respond(
    request: hyper::Request<HyperBody>,
    endpoints: Endpoints,
    site: Arc<Site>,
) -> Result<Response<Sent>, Fault> {
    let begun = Instant::now();
    let time = OffsetDateTime::now_utc();
    let (head, body) = of_hyper(request, endpoints);
    let is_own = head.target.split('?').next().is_some_and(|path| path.starts_with(page::PREFIX));
    let mut access = Access {
        time,
        client: endpoints.remote.ip(),
        method: head.method.clone(),
        target: head.target.clone(),
        status: 0,
        sub_status: 0,
        bytes: 0,
        elapsed: Duration::ZERO,
        handler: String::new(),
        fault: None,
    };
    let reply = if is_own {
        Ok(page::answer(&site, &head))
    } else {
        let local = endpoints.remote.ip().is_loopback() && !site.as_remote;
        site.answer(Incoming { request: head, body, local }).await
    };
    match reply {
        Ok(reply) => {
            (access.status, access.sub_status) = (reply.status, reply.sub_status);
            access.handler.clone_from(&reply.handler);
            let record = (!is_own).then(|| Record { access, begun, site });
            Ok(to_hyper(reply, record))
        }
        Err(fault) => {
            access.fault = Some(in_one_line(&fault));
            access.elapsed = begun.elapsed();
            site.monitor.access(access);
            Err(fault)
        }
    }
}

/// A line of the access log in the making; it is written when the body is through, or dropped.
struct Record {
    access: Access,
    begun: Instant,
    site: Arc<Site>,
}

impl Drop for Record {
    fn drop(&mut self) {
        self.access.elapsed = self.begun.elapsed();
        self.site.monitor.access(self.access.clone());
    }
}

/// The head and the body as the rest of the program has them.
fn of_hyper(request: hyper::Request<HyperBody>, endpoints: Endpoints) -> (Request, Body) {
    let (head, body) = request.into_parts();
    let headers: Vec<(String, Vec<u8>)> = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect();
    let length = head.headers.get("content-length").and_then(|value| value.to_str().ok()?.parse().ok());
    let chunked = head.headers.contains_key("transfer-encoding");
    let request = Request {
        method: head.method.as_str().to_owned(),
        target: head.uri.to_string(),
        headers,
        content_length: if chunked { None } else { Some(length.unwrap_or(0)) },
        endpoints,
        protocol: if head.version == hyper::Version::HTTP_10 { "HTTP/1.0" } else { "HTTP/1.1" },
    };
    if !chunked && length.unwrap_or(0) == 0 {
        return (request, Body::Whole(Bytes::new()));
    }
    let (sender, pieces) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        use futures_util::StreamExt as _;
        let mut frames = BodyStream::new(body);
        while let Some(frame) = frames.next().await {
            let piece = match frame.map(Frame::into_data) {
                Ok(Ok(piece)) => Ok(piece),
                // Trailers are not handed on.
                Ok(Err(_)) => continue,
                Err(error) => Err(io::Error::other(error)),
            };
            let ended = piece.is_err();
            if sender.send(piece).await.is_err() || ended {
                break;
            }
        }
    });
    (request, Body::Stream(pieces))
}

fn to_hyper(reply: Reply, record: Option<Record>) -> Response<Sent> {
    let mut response = Response::new(Either::Left(Full::default()));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(reason) = hyper::ext::ReasonPhrase::try_from(reply.reason.as_bytes().to_vec())
        && !reply.reason.is_empty()
    {
        response.extensions_mut().insert(reason);
    }
    let headers = response.headers_mut();
    for (name, value) in &reply.headers {
        // Header values are ISO 8859-1: a character is a byte.
        let value: Vec<u8> = value.chars().map(|character| u8::try_from(character).unwrap_or(b'?')).collect();
        let known = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_bytes(&value).ok());
        if let Some((name, value)) = known.filter(|(name, _)| !HOP_BY_HOP.contains(&name.as_str())) {
            headers.append(name, value);
        }
    }
    headers.entry("server").or_insert(HeaderValue::from_static("Microsoft-IIS/10.0"));
    *response.body_mut() = body_of(reply.content, record);
    response
}

/// The body, which counts what it sends.
fn body_of(content: Content, mut record: Option<Record>) -> Sent {
    let count = move |record: &mut Option<Record>, length: usize| {
        if let Some(record) = record {
            record.access.bytes += length as u64;
        }
    };
    match content {
        Content::Whole(bytes) => {
            count(&mut record, bytes.len());
            Either::Left(Full::new(bytes))
        }
        Content::File(file, length) => {
            let state = (file.take(length), record);
            Either::Right(pieces(futures_util::stream::unfold(
                state,
                move |(mut file, mut record)| async move {
                    let mut buffer = bytes::BytesMut::with_capacity(64 * 1024);
                    match file.read_buf(&mut buffer).await {
                        Ok(0) => None,
                        Ok(length) => {
                            count(&mut record, length);
                            Some((Ok(Frame::data(buffer.freeze())), (file, record)))
                        }
                        Err(error) => Some((Err(Fault::Failed(error)), (file, record))),
                    }
                },
            )))
        }
        Content::Stream(stream) => {
            let state = (stream, record);
            Either::Right(pieces(futures_util::stream::unfold(
                state,
                move |(mut stream, mut record)| async move {
                    match stream.recv().await? {
                        Ok(piece) => {
                            count(&mut record, piece.len());
                            Some((Ok(Frame::data(piece)), (stream, record)))
                        }
                        Err(fault) => {
                            if let Some(record) = &mut record {
                                record.access.fault = Some(in_one_line(&fault));
                            }
                            Some((Err(fault), (stream, record)))
                        }
                    }
                },
            )))
        }
    }
}

fn pieces(
    stream: impl futures_util::Stream<Item = Result<Frame<Bytes>, Fault>> + Send + 'static,
) -> StreamBody<Pieces> {
    StreamBody::new(Box::pin(stream))
}

/// IIS's own answer for a site without an application there.
pub(super) fn nothing() -> Answer {
    Answer::new(404, 0)
}
