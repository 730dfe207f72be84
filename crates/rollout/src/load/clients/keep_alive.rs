//! A pool of HTTP/1.1 connections; the one used last is used first, as most pools do.

use std::{
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    Answer,
    exchange::{self, Attempt, Connection},
    failure::Failure,
    message,
};
use crate::load::workload::Request;

pub(in crate::load) struct KeepAliveClient {
    target: SocketAddr,
    host: String,
    kept_max: usize,
    resting: Mutex<Vec<Connection>>,
}

impl KeepAliveClient {
    pub(in crate::load) fn new(target: SocketAddr, kept_max: usize) -> KeepAliveClient {
        let host = target.to_string();
        KeepAliveClient { target, host, kept_max, resting: Mutex::default() }
    }

    pub(in crate::load) async fn send(&self, request: &Request) -> Result<Answer, Failure> {
        let message =
            message::http1(request, &self.host).map_err(|error| Failure::message(&error))?;
        exchange::let_news_in().await;
        // Each turn takes a connection out of the pool, so this ends.
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
            resting.push(connection);
        }
        Ok(answer)
    }

    fn take(&self) -> Option<Connection> {
        let mut resting = self.lock();
        while let Some(connection) = resting.pop() {
            if exchange::is_usable(&connection) {
                return Some(connection);
            }
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
