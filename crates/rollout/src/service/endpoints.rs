//! The endpoints as the service knows them: what was true one propagation delay ago.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::spec::Balance;

/// Changes under way at once; a rollout makes a handful per second.
const CHANGES_MAX: usize = 1_000;

/// The list and the choice of the next one.
pub(super) struct Endpoints {
    known: Mutex<Known>,
}

struct Known {
    addresses: Vec<SocketAddr>,
    turn: usize,
    /// `None`: round robin.
    random: Option<StdRng>,
}

impl Endpoints {
    pub(super) fn new(balance: Balance, addresses: Vec<SocketAddr>) -> Endpoints {
        let random = match balance {
            Balance::RoundRobin => None,
            Balance::Random { seed } => Some(StdRng::seed_from_u64(seed)),
        };
        Endpoints { known: Mutex::new(Known { addresses, turn: 0, random }) }
    }

    /// The endpoint for the next connection.
    pub(super) fn next(&self) -> Option<SocketAddr> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let count = known.addresses.len();
        if count == 0 {
            return None;
        }
        let turn = known.turn;
        known.turn = turn.wrapping_add(1);
        let index = match &mut known.random {
            Some(random) => random.random_range(0..count),
            None => turn % count,
        };
        Some(known.addresses[index])
    }

    /// All endpoints as known now.
    pub(super) fn all(&self) -> Vec<SocketAddr> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).addresses.clone()
    }

    fn set(&self, addresses: Vec<SocketAddr>) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).addresses = addresses;
    }

    /// Takes over every change of `truth`, each one `delay` after it happened. Ends when the truth
    /// has no more writer and its last change has arrived.
    pub(super) async fn follow(
        &self,
        mut truth: watch::Receiver<Vec<SocketAddr>>,
        delay: Duration,
    ) {
        let mut under_way: VecDeque<(Instant, Vec<SocketAddr>)> = VecDeque::new();
        let mut open = true;
        while open || !under_way.is_empty() {
            let due = under_way.front().map(|change| change.0);
            tokio::select! {
                biased;
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    if let Some((_, addresses)) = under_way.pop_front() {
                        self.set(addresses);
                    }
                }
                changed = truth.changed(), if open => {
                    open = changed.is_ok();
                    if open {
                        if under_way.len() == CHANGES_MAX {
                            under_way.pop_front();
                        }
                        let addresses = truth.borrow_and_update().clone();
                        under_way.push_back((Instant::now() + delay, addresses));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{net::SocketAddr, sync::Arc, time::Duration};

    use tokio::{sync::watch, time::sleep};

    use super::{Balance, Endpoints};

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn round_robin_takes_turns() {
        let endpoints = Endpoints::new(Balance::RoundRobin, vec![address(1), address(2)]);
        let taken: Vec<u16> = (0..4).filter_map(|_| endpoints.next()).map(|a| a.port()).collect();
        assert_eq!(taken, [1, 2, 1, 2]);
    }

    #[test]
    fn random_is_repeatable() {
        let take = |seed| {
            let endpoints = Endpoints::new(Balance::Random { seed }, (1..9).map(address).collect());
            (0..32).filter_map(|_| endpoints.next()).map(|a| a.port()).collect::<Vec<_>>()
        };
        assert_eq!(take(7), take(7));
        assert_ne!(take(7), take(8));
    }

    #[tokio::test(start_paused = true)]
    async fn changes_arrive_late_and_in_order() {
        let (truth, receiver) = watch::channel(Vec::new());
        let endpoints = Arc::new(Endpoints::new(Balance::RoundRobin, Vec::new()));
        let follower = endpoints.clone();
        let task = tokio::spawn(async move {
            follower.follow(receiver, Duration::from_millis(500)).await;
        });
        sleep(Duration::from_millis(1)).await;
        truth.send_replace(vec![address(1)]);
        sleep(Duration::from_millis(300)).await;
        truth.send_replace(vec![address(2)]);
        assert_eq!(endpoints.all(), []);
        sleep(Duration::from_millis(300)).await;
        assert_eq!(endpoints.all(), [address(1)]);
        drop(truth);
        task.await.unwrap();
        assert_eq!(endpoints.all(), [address(2)]);
    }
}
