//! The requests, and whether each is answered.

use std::time::{Duration, Instant};

use iiswsgi::fastcgi::client::{Request, Response, ResponseDecoder, encode_request};

use crate::arguments::Plan;
use crate::instance::{Client, Instance};

/// Starts the instances one after the other, sends each its requests, and tells what it saw.
pub(crate) fn run(plan: &Plan) -> Result<(), String> {
    let (mut answered, mut busy, mut first) = (0_u32, Duration::ZERO, Duration::ZERO);
    let mut ends = Vec::new();
    for number in 1..=plan.instances {
        let begun = Instant::now();
        let instance =
            Instance::start(plan).map_err(|error| format!("cannot start `{}`: {error}", plan.full_path))?;
        let mut client = instance.connect()?;
        for request in 0..plan.requests {
            let asked = Instant::now();
            let last = plan.shutdown_during && request + 1 == plan.requests;
            let signal = || {
                std::thread::sleep(Duration::from_millis(100));
                instance.signal();
            };
            let during: Option<&dyn Fn()> = if last { Some(&signal) } else { None };
            let response = ask(&mut *client, plan, during).map_err(|error| {
                let state = if instance.is_running() { "runs" } else { "has ended" };
                format!("request {request} of instance {number}: {error} (the process {state})")
            })?;
            check(&response, plan)?;
            if request == 0 {
                first += begun.elapsed();
            } else {
                busy += asked.elapsed();
            }
            answered += 1;
            if plan.close {
                drop(client);
                client = instance.connect()?;
            }
        }
        let grace = if plan.terminate { 0 } else { plan.grace_seconds };
        let ended = instance.recycle(Duration::from_secs(grace.into()));
        if plan.terminate {
            continue;
        }
        let Some(after) = ended.after else {
            return Err(format!(
                "instance {number} did not end by the event within {} s",
                plan.grace_seconds
            ));
        };
        if ended.code != 0 {
            return Err(format!("instance {number} ended with exit code {}", ended.code));
        }
        ends.push(after.as_secs_f64() * 1000.0);
    }
    let timed = answered.saturating_sub(plan.instances).max(1);
    let longest = ends.iter().copied().fold(0.0, f64::max);
    println!(
        "{answered} requests answered, {} instances ended by the event, the slowest in {longest:.0} ms; {:.1} us a request, \
         {:.0} ms to the first answer",
        ends.len(),
        busy.as_secs_f64() * 1e6 / f64::from(timed),
        first.as_secs_f64() * 1000.0 / f64::from(plan.instances),
    );
    Ok(())
}

/// Sends a request and reads its answer; `during` is called in between.
fn ask(client: &mut dyn Client, plan: &Plan, during: Option<&dyn Fn()>) -> Result<Response, String> {
    let method = if plan.body > 0 { "POST" } else { "GET" };
    let length = plan.body.to_string();
    let params = [
        ("REQUEST_METHOD", method),
        ("SCRIPT_NAME", plan.path.as_str()),
        ("PATH_INFO", plan.path.as_str()),
        ("URL", plan.path.as_str()),
        ("QUERY_STRING", ""),
        ("REQUEST_URI", plan.path.as_str()),
        ("SERVER_NAME", "localhost"),
        ("SERVER_PORT", "80"),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("SERVER_SOFTWARE", "Microsoft-IIS/10.0"),
        ("CONTENT_LENGTH", length.as_str()),
        ("HTTPS", "off"),
        ("APPL_PHYSICAL_PATH", plan.folder.as_str()),
        ("HTTP_HOST", "localhost"),
    ];
    let request = Request {
        params: params
            .iter()
            .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
            .collect(),
        stdin: vec![b'x'; plan.body],
        keep_connection: !plan.close,
    };
    let mut bytes = Vec::new();
    encode_request(1, &request, &mut bytes);
    client.write_all(&bytes).map_err(|error| format!("cannot send: {error}"))?;
    if let Some(during) = during {
        during();
    }
    let mut decoder = ResponseDecoder::new(1);
    let mut buffer = vec![0; 64 << 10];
    loop {
        let length = client.read(&mut buffer).map_err(|error| format!("cannot read: {error}"))?;
        if length == 0 {
            return Err("the answer ends early".into());
        }
        if decoder.receive(&buffer[..length]).map_err(|error| format!("not FastCGI: {error}"))? {
            break;
        }
    }
    decoder.finish().map_err(|error| format!("no whole answer: {error}"))
}

fn check(response: &Response, plan: &Plan) -> Result<(), String> {
    let body = String::from_utf8_lossy(&response.body);
    if u32::from(response.status) != plan.status || !body.contains(&plan.expect) {
        let stderr = String::from_utf8_lossy(&response.stderr);
        return Err(format!("answered {}: {body}\n{stderr}", response.status));
    }
    Ok(())
}
