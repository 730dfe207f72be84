//! Which scenarios are run: pairs of point, kind of step and fault, each pair at least once.
//!
//! Where a point can be reached is not written down anywhere but observed in undisturbed runs, so a new
//! point or kind is covered by itself. Greedy: the next scenario is one that covers most of what is
//! not covered yet, so that a prefix of the list is a good sample. Pure, and the same for the same seed.

use super::fault::{Fault, Variant};
use super::migrator::Place;
use super::shop::Course;
use anyhow::Context as _;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// While an index is being built concurrently. No point of the program, since that is one statement: a
/// state that the server shows, in which it is held by a transaction that has written to the table.
pub(super) const BUILDING: &str = "index-building";
/// The point from which it is reached.
const BEFORE_BUILDING: &str = "before-unguarded";
/// The kinds of step that build indexes there.
const BUILDERS: [&str; 2] = ["index_build", "script"];

/// Where A is paused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub(super) point: String,
    /// `None`: within no step.
    pub(super) kind: Option<String>,
}

/// At which counts a spot is reached, course by course.
pub(super) type Observed = BTreeMap<Spot, BTreeMap<Course, Vec<u32>>>;

/// A scenario's name: the list's seed and the place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seed {
    pub(super) base: u64,
    pub(super) index: usize,
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.base, self.index)
    }
}

impl FromStr for Seed {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (base, index) = text.split_once('-').context("a seed is two numbers, say 1-42")?;
        Ok(Self { base: base.parse()?, index: index.parse()? })
    }
}

/// One fault at one point of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scenario {
    pub(super) seed: Seed,
    pub(super) spot: Spot,
    /// The how manieth time that the point is reached.
    pub(super) nth: u32,
    pub(super) course: Course,
    pub(super) fault: Fault,
    pub(super) variant: Variant,
    /// Decides what a fault leaves open.
    pub(super) coin: bool,
}

impl Scenario {
    /// Whether the fault strikes while an index is being built.
    pub(super) fn builds(&self) -> bool {
        self.spot.point == BUILDING
    }

    /// As `--pause-at` takes it; where an index is to be built, the point just before.
    pub(super) fn pause_at(&self) -> String {
        let kind = self.spot.kind.as_deref().unwrap_or_default();
        let point = if self.builds() { BEFORE_BUILDING } else { &self.spot.point };
        format!("{point}:{kind}:{}", self.nth)
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { spot, nth, course, fault, variant, coin, .. } = self;
        let kind = spot.kind.as_deref().unwrap_or("no step");
        write!(f, "{fault} at {} #{nth} of {kind}, {course}, {variant}, coin {coin}", spot.point)
    }
}

/// Adds what an undisturbed run has passed.
pub(super) fn observe(observed: &mut Observed, course: Course, trace: &[Place]) {
    // Without a kind, the program counts every time that the point is reached.
    let (mut by_point, mut by_kind) = (BTreeMap::new(), BTreeMap::new());
    for place in trace {
        let of_point = by_point.entry(&place.point).or_insert(0);
        *of_point += 1;
        let of_kind = by_kind.entry((&place.point, &place.kind)).or_insert(0);
        *of_kind += 1;
        let nth = if place.kind.is_some() { *of_kind } else { *of_point };
        let builds = place.point == BEFORE_BUILDING
            && place.kind.as_deref().is_some_and(|kind| BUILDERS.contains(&kind));
        for point in [Some(place.point.as_str()), builds.then_some(BUILDING)].into_iter().flatten()
        {
            let spot = Spot { point: point.to_owned(), kind: place.kind.clone() };
            observed.entry(spot).or_default().entry(course).or_default().push(nth);
        }
    }
}

/// A pair that is to be covered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Pair {
    PointKind(String, Option<String>),
    PointFault(String, Fault),
    KindFault(Option<String>, Fault),
}

fn pairs(spot: &Spot, fault: Fault) -> [Pair; 3] {
    let Spot { point, kind } = spot;
    [
        Pair::PointKind(point.clone(), kind.clone()),
        Pair::PointFault(point.clone(), fault),
        Pair::KindFault(kind.clone(), fault),
    ]
}

/// The list for a seed: covers all pairs that occur.
pub(super) fn scenarios(observed: &Observed, base: u64) -> Vec<Scenario> {
    let mut random = StdRng::seed_from_u64(base);
    let mut candidates: Vec<(&Spot, Fault)> =
        observed.keys().flat_map(|spot| Fault::ALL.map(|fault| (spot, fault))).collect();
    candidates.shuffle(&mut random);
    let mut open: BTreeSet<Pair> =
        candidates.iter().flat_map(|(spot, fault)| pairs(spot, *fault)).collect();
    let mut list = Vec::new();
    while !open.is_empty() {
        let gain = |(spot, fault): &(&Spot, Fault)| {
            pairs(spot, *fault).iter().filter(|pair| open.contains(*pair)).count()
        };
        // The first of the best: the order was shuffled. There is one while a pair is open.
        let Some(best) = (0..candidates.len()).rev().max_by_key(|&at| gain(&candidates[at])) else {
            break;
        };
        let (spot, fault) = candidates.swap_remove(best);
        for pair in pairs(spot, fault) {
            open.remove(&pair);
        }
        let seed = Seed { base, index: list.len() };
        list.extend(scenario(&mut random, seed, spot, &observed[spot], fault));
    }
    list
}

/// What the pair leaves open is left to chance. `None` cannot be: a spot was observed somewhere.
fn scenario(
    random: &mut StdRng,
    seed: Seed,
    spot: &Spot,
    courses: &BTreeMap<Course, Vec<u32>>,
    fault: Fault,
) -> Option<Scenario> {
    let courses: Vec<(&Course, &Vec<u32>)> = courses.iter().collect();
    let (course, counts) = *courses.choose(random)?;
    Some(Scenario {
        seed,
        spot: spot.clone(),
        nth: *counts.choose(random)?,
        course: *course,
        fault,
        variant: *fault.variants().choose(random)?,
        coin: random.random(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(point: &str, kind: Option<&str>) -> Place {
        let kind = kind.map(str::to_owned);
        Place { point: point.to_owned(), kind, backend_pid: 1 }
    }

    fn observed() -> Observed {
        let mut observed = Observed::new();
        observe(
            &mut observed,
            Course::Online,
            &[
                place("begin", None),
                place("commit", None),
                place("commit", Some("ddl")),
                place("commit", Some("ddl")),
                place("commit", None),
                place("batch", Some("backfill")),
            ],
        );
        observe(&mut observed, Course::AtOnce, &[place("begin", None)]);
        observed
    }

    #[test]
    fn counts_are_those_of_the_program() {
        let observed = observed();
        let spot =
            |kind: Option<&str>| Spot { point: "commit".to_owned(), kind: kind.map(str::to_owned) };
        assert_eq!(observed[&spot(Some("ddl"))][&Course::Online], [1, 2]);
        assert_eq!(observed[&spot(None)][&Course::Online], [1, 4]);
    }

    #[test]
    fn an_index_that_is_being_built_is_a_place_of_its_own() {
        let mut observed = Observed::new();
        let trace =
            [place(BEFORE_BUILDING, Some("index_build")), place(BEFORE_BUILDING, Some("validate"))];
        observe(&mut observed, Course::Online, &trace);
        let building: Vec<&Spot> = observed.keys().filter(|spot| spot.point == BUILDING).collect();
        assert_eq!(building.len(), 1, "validating builds none");
        let list = scenarios(&observed, 1);
        let scenario = list.iter().find(|scenario| scenario.builds()).unwrap();
        assert_eq!(scenario.pause_at(), "before-unguarded:index_build:1");
    }

    #[test]
    fn every_pair_that_occurs_is_covered_and_a_seed_gives_the_same_list() {
        let observed = observed();
        let list = scenarios(&observed, 7);
        let covered: BTreeSet<Pair> =
            list.iter().flat_map(|scenario| pairs(&scenario.spot, scenario.fault)).collect();
        // Four spots; three points and three kinds (none among them) with each of nine faults.
        assert_eq!(covered.len(), 4 + 3 * 9 + 3 * 9);
        assert!(list.len() < 4 * 9, "fewer than the whole product: {}", list.len());
        assert_eq!(list, scenarios(&observed, 7));
        assert_ne!(list, scenarios(&observed, 8));
        for (index, scenario) in list.iter().enumerate() {
            assert_eq!(scenario.seed.to_string().parse::<Seed>().unwrap().index, index);
            assert!(scenario.fault.variants().contains(&scenario.variant));
        }
    }
}
