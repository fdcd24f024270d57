//! Requests to a web server of this machine over HTTP, with the target exactly as it was asked for.

use std::time::Instant;

use http_body_util::{BodyExt as _, Full};
use hyper::ext::ReasonPhrase;
use hyper_util::rt::TokioIo;

use super::{ApplicationPath, HttpRequest, HttpResponse};

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// It did not come in time.
    TimedOut,
    /// The connection or the answer is broken.
    Failed(String),
}

fn failed(error: impl std::fmt::Display) -> Fault {
    Fault::Failed(error.to_string())
}

/// Sends one request on a connection of its own.
pub(super) fn send(
    port: u16,
    application: &ApplicationPath,
    request: &HttpRequest,
) -> Result<HttpResponse, Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let started = Instant::now();
    let result = runtime.block_on(async {
        match tokio::time::timeout(request.timeout, exchange(port, application, request)).await {
            Ok(result) => result,
            Err(_) => Err(Fault::TimedOut),
        }
    });
    // A request that was given up must not be waited for.
    runtime.shutdown_background();
    result.map(|response| HttpResponse { elapsed: started.elapsed(), ..response })
}

async fn exchange(
    port: u16,
    application: &ApplicationPath,
    request: &HttpRequest,
) -> Result<HttpResponse, Fault> {
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.map_err(failed)?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    tokio::spawn(connection);
    let slash = if request.target.starts_with('/') { "" } else { "/" };
    let prefix = application.url_prefix().replace('%', "%25").replace(' ', "%20");
    let mut asked = hyper::Request::builder()
        .method(request.method.as_str())
        .uri(format!("{prefix}{slash}{}", request.target))
        .header("Connection", "close");
    if !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Host")) {
        asked = asked.header("Host", format!("localhost:{port}"));
    }
    for (name, value) in &request.headers {
        asked = asked.header(name, value);
    }
    let asked = asked.body(Full::new(bytes::Bytes::from(request.body.clone()))).map_err(failed)?;
    let response = sender.send_request(asked).await.map_err(failed)?;
    let (status, reason, headers) = head_of(&response);
    let body = response.into_body().collect().await.map_err(failed)?.to_bytes().to_vec();
    Ok(HttpResponse { status, reason, headers, body, elapsed: std::time::Duration::ZERO, stderr: Vec::new() })
}

/// The status, its phrase, and the headers with their values as ISO 8859-1.
pub(super) fn head_of<B>(response: &hyper::Response<B>) -> (u16, String, Vec<(String, String)>) {
    let reason = match response.extensions().get::<ReasonPhrase>() {
        Some(phrase) => String::from_utf8_lossy(phrase.as_bytes()).into_owned(),
        None => response.status().canonical_reason().unwrap_or_default().to_owned(),
    };
    let text =
        |value: &hyper::header::HeaderValue| value.as_bytes().iter().map(|&byte| char::from(byte)).collect();
    let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    (response.status().as_u16(), reason, headers)
}
