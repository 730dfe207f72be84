//! What the generator sends and what counts as a right answer: the caller's part.

use bytes::Bytes;
use hyper::{Method, StatusCode};
use rand::rngs::StdRng;
use uuid::Uuid;

/// Makes requests and checks answers. Called on the generator's thread: it must not block.
pub trait Workload: Send + Sync + 'static {
    /// The request with this number (0, 1, 2, …). The generator of random numbers is seeded by the
    /// load's seed, and calls come in order: the same seed gives the same requests.
    fn next(&self, random: &mut StdRng, sequence: u64) -> Request;

    /// Whether the answer is right. A status from 500 up is a failure whatever this says.
    fn check(&self, request: &Request, status: StatusCode, body: &Bytes) -> Verdict;
}

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The kind of request, for reports. At most 255 different ones.
    pub name: &'static str,
    /// Method.
    pub method: Method,
    /// Path and query, beginning with `/`.
    pub path: String,
    /// Headers beside `host`, `content-length` and those of the connection.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: Bytes,
    /// For writes: the id by which the effect can be found afterwards.
    pub write_id: Option<Uuid>,
}

/// Whether an answer is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Ok,
    /// Status or body are not those expected; says how they differ.
    WrongBody(String),
    /// The service reports a failure of its own; says what it said.
    ServerError(String),
}

impl Request {
    /// A GET without body.
    pub fn get(name: &'static str, path: impl Into<String>) -> Request {
        Request {
            name,
            method: Method::GET,
            path: path.into(),
            headers: Vec::new(),
            body: Bytes::new(),
            write_id: None,
        }
    }

    /// A POST of JSON.
    pub fn post_json(
        name: &'static str,
        path: impl Into<String>,
        body: impl Into<Bytes>,
    ) -> Request {
        Request {
            name,
            method: Method::POST,
            path: path.into(),
            headers: vec![("content-type", "application/json".into())],
            body: body.into(),
            write_id: None,
        }
    }

    /// The same request as a write with this id.
    #[must_use]
    pub fn write_id(mut self, id: Uuid) -> Request {
        self.write_id = Some(id);
        self
    }
}
