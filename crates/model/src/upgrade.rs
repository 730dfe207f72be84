//! What is explored: which releases the instances are of, how much may happen, which guard is taken out.

use crate::guard::Guard;
use crate::state::{
    Backend, Broken, Database, Driver, Granted, INSTANCES, Index, Instance, NEW_HEAD, Row, Service,
    Session, State, TERMS_MAX,
};

/// Which releases the three instances are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fleet {
    /// One of the old release, two of the new one.
    OneOld,
    /// Two of the old release, one of the new one.
    TwoOld,
}

impl Fleet {
    /// Both.
    pub const ALL: [Self; 2] = [Self::OneOld, Self::TwoOld];

    /// The heads of the instances.
    pub fn heads(self) -> [u8; INSTANCES] {
        match self {
            Self::OneOld => [1, NEW_HEAD, NEW_HEAD],
            Self::TwoOld => [1, 1, NEW_HEAD],
        }
    }

    /// How much may happen. Two of the new release take over from each other: three terms, and a
    /// mishap while the first is being mended. Two of the old one register, revive and connect at
    /// the same time: a single mishap and the one who takes over. One instance is enough to be
    /// raised over, so one may count as dead.
    pub fn bounds(self) -> Bounds {
        match self {
            Self::OneOld => Bounds { terms: 3, mishaps: 2, late_beats: 1 },
            Self::TwoOld => Bounds { terms: 2, mishaps: 1, late_beats: 1 },
        }
    }
}

/// How much may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Terms that may be granted.
    pub terms: u8,
    /// Crashes, lost connections and failovers, together.
    pub mishaps: u8,
    /// How often an instance that lives may count as dead.
    pub late_beats: u8,
}

/// An upgrade from release 1 to release 2 by three instances, with all guards but one.
#[derive(Clone, Debug)]
pub struct Upgrade {
    /// The instances.
    pub fleet: Fleet,
    /// How much may happen.
    pub bounds: Bounds,
    /// The guard that is taken out.
    pub without: Option<Guard>,
}

impl Upgrade {
    /// Whether a guard is in place.
    pub(crate) fn has(&self, guard: Guard) -> bool {
        self.without != Some(guard)
    }

    /// An instance's head.
    pub(crate) fn head(&self, instance: Instance) -> u8 {
        self.fleet.heads()[usize::from(instance)]
    }

    /// Whether an instance is of the older release.
    pub(crate) fn is_old(&self, instance: Instance) -> bool {
        self.head(instance) < NEW_HEAD
    }

    /// Where it begins.
    pub(crate) fn begin(&self) -> State {
        let database = Database {
            epoch: 0,
            holder: None,
            backend: None,
            latest: None,
            before_grant: None,
            planned: false,
            expand_applied: 0,
            expand_recorded: false,
            index: Index::Absent,
            index_recorded: false,
            floor: 1,
            logins_closed: false,
            contracted: false,
        };
        // The old release serves; the new one needs no row in the model: it is never below the floor.
        let serving = Service { row: Row::Alive, session: Session::Open };
        let without = Service { row: Row::Gone, session: Session::Closed };
        State {
            database,
            drivers: [Driver::Idle; INSTANCES],
            services: self
                .fleet
                .heads()
                .map(|head| if head < NEW_HEAD { serving } else { without }),
            terms: [Granted { epoch: 0, instance: 0, backend: Backend::Unopened }; TERMS_MAX],
            granted: 0,
            mishaps_left: self.bounds.mishaps,
            late_beats_left: self.bounds.late_beats,
            broken: Broken::default(),
        }
    }
}
