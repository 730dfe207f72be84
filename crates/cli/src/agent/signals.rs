//! SIGTERM and SIGINT end the agent in order, the second one at once; what else people send to a
//! process is passed on to it.

use crate::failure::Failure;
use rustix::process::Signal as Number;
use std::task::Poll;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To end.
    Stop,
    /// To pass it on.
    PassOn(Number),
}

/// All signals that the agent takes over; installed before anything begins, so that none is lost.
pub(crate) struct Signals {
    received: Vec<(Signal, Asked)>,
}

impl Signals {
    /// Takes them over from their defaults.
    pub(crate) fn install() -> Result<Self, Failure> {
        let pass_on = Asked::PassOn;
        let wanted = [
            (SignalKind::terminate(), Asked::Stop),
            (SignalKind::interrupt(), Asked::Stop),
            (SignalKind::hangup(), pass_on(Number::HUP)),
            (SignalKind::quit(), pass_on(Number::QUIT)),
            (SignalKind::user_defined1(), pass_on(Number::USR1)),
            (SignalKind::user_defined2(), pass_on(Number::USR2)),
            (SignalKind::window_change(), pass_on(Number::WINCH)),
        ];
        let install = |(kind, asked)| match signal(kind) {
            Ok(signal) => Ok((signal, asked)),
            Err(error) => Err(Failure::new("signals cannot be received", error)),
        };
        Ok(Self { received: wanted.into_iter().map(install).collect::<Result<_, _>>()? })
    }

    /// Waits for one that asks to end; there is nobody yet to pass others on to.
    pub(crate) async fn stop(&mut self) {
        while self.next().await != Asked::Stop {}
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Asked {
        std::future::poll_fn(|context| {
            for (signal, asked) in &mut self.received {
                if signal.poll_recv(context).is_ready() {
                    return Poll::Ready(*asked);
                }
            }
            Poll::Pending
        })
        .await
    }
}
