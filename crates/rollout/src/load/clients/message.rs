//! Turns a workload's request into what hyper sends.

use bytes::Bytes;
use http_body_util::Full;
use hyper::http;

use crate::load::workload::Request;

pub(super) type Message = hyper::Request<Full<Bytes>>;

/// HTTP/1.1: the target is a path, the host a header.
pub(super) fn http1(request: &Request, host: &str) -> Result<Message, http::Error> {
    with_headers(request, request.path.as_str())
        .header("host", host)
        .body(Full::new(request.body.clone()))
}

/// HTTP/2: the target is a whole URI.
pub(super) fn http2(request: &Request, host: &str) -> Result<Message, http::Error> {
    let uri = format!("http://{host}{}", request.path);
    with_headers(request, &uri).body(Full::new(request.body.clone()))
}

fn with_headers(request: &Request, uri: &str) -> http::request::Builder {
    let builder = hyper::Request::builder().method(request.method.clone()).uri(uri);
    request.headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, value))
}
