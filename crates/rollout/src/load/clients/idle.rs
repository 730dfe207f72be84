//! HTTP/1.1 connections that each rest for some seconds between two requests, as agents that
//! report now and then do. These are the ones that a server closes under a client's hands.
//!
//! The one that has rested longest is used, if it has rested for the interval; else a new one is
//! opened. So there come to be about rate × interval connections.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    Answer,
    exchange::{self, Attempt, Connection},
    failure::Failure,
    message,
};
use crate::load::workload::Request;

pub(super) struct IdleClient {
    target: SocketAddr,
    host: String,
    interval: Duration,
    kept_max: usize,
    /// With the time since when each rests; the longest first.
    resting: Mutex<VecDeque<(Instant, Connection)>>,
}

impl IdleClient {
    pub(super) fn new(target: SocketAddr, interval: Duration, kept_max: usize) -> IdleClient {
        let host = target.to_string();
        IdleClient { target, host, interval, kept_max, resting: Mutex::default() }
    }

    pub(super) async fn send(&self, request: &Request) -> Result<Answer, Failure> {
        let message =
            message::http1(request, &self.host).map_err(|error| Failure::message(&error))?;
        exchange::let_news_in().await;
        // Each turn takes a connection out of the queue, so this ends.
        while let Some(connection) = self.take() {
            match exchange::exchange(connection, message.clone()).await {
                Attempt::NotWritten(_) => {}
                Attempt::Done(result) => return self.finish(result),
            }
        }
        let connection = exchange::open(self.target).await?;
        match exchange::exchange(connection, message).await {
            Attempt::NotWritten(failure) => Err(failure),
            Attempt::Done(result) => self.finish(result),
        }
    }

    fn finish(
        &self,
        result: Result<(Answer, Option<Connection>), Failure>,
    ) -> Result<Answer, Failure> {
        let (answer, connection) = result?;
        let mut resting = self.lock();
        if let Some(connection) = connection
            && resting.len() < self.kept_max
        {
            resting.push_back((Instant::now(), connection));
        }
        Ok(answer)
    }

    fn take(&self) -> Option<Connection> {
        let mut resting = self.lock();
        // Those that the server has closed meanwhile would only be in the way.
        while let Some((_, connection)) = resting.front()
            && !exchange::is_usable(connection)
        {
            resting.pop_front();
        }
        let rested = resting.front().is_some_and(|(since, _)| since.elapsed() >= self.interval);
        if rested { resting.pop_front().map(|(_, connection)| connection) } else { None }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Instant, Connection)>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
