//! Asks a FastCGI responder, as a web server would: `fastcgi_get SOCKET NAME=VALUE… < BODY`.
//!
//! The arguments after the socket file are the CGI variables. The answer is printed as CGI has it: `Status:`, headers, an
//! empty line, the body. What the responder wrote to `FCGI_STDERR` goes to standard error.

use std::io::{Read, Write};

use iiswsgi::fastcgi::client::{Request, ResponseDecoder, encode_request};

#[cfg(unix)]
fn connect(address: &str) -> std::io::Result<impl Read + Write> {
    std::os::unix::net::UnixStream::connect(address)
}

/// On a system without socket files: `HOST:PORT`.
#[cfg(not(unix))]
fn connect(address: &str) -> std::io::Result<impl Read + Write> {
    std::net::TcpStream::connect(address)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("usage: fastcgi_get SOCKET NAME=VALUE... < BODY")?;
    let mut request = Request::default();
    for argument in arguments {
        let (name, value) = argument.split_once('=').ok_or("a variable is written NAME=VALUE")?;
        request.params.push((name.into(), value.into()));
    }
    std::io::stdin().read_to_end(&mut request.stdin)?;

    let mut connection = connect(&address)?;
    let mut bytes = Vec::new();
    encode_request(1, &request, &mut bytes);
    connection.write_all(&bytes)?;
    let mut decoder = ResponseDecoder::default();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let length = connection.read(&mut buffer)?;
        if length == 0 || decoder.receive(&buffer[..length])? {
            break;
        }
    }

    let response = decoder.finish()?;
    std::io::stderr().write_all(&response.stderr)?;
    let mut head = vec![format!("Status: {} {}", response.status, response.reason)];
    head.extend(response.headers.iter().map(|(name, value)| format!("{name}: {value}")));
    let head = head.join("\r\n") + "\r\n\r\n";
    // Heads are ISO 8859-1.
    let mut bytes: Vec<u8> = head.chars().map(|character| u8::try_from(character).unwrap_or(b'?')).collect();
    bytes.extend_from_slice(&response.body);
    std::io::stdout().write_all(&bytes)?;
    Ok(())
}
