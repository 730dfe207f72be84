//! The loops of a graph.

use std::collections::BTreeSet;

/// Who takes from whom.
pub(super) struct Graph {
    arrows: Vec<BTreeSet<usize>>,
}

impl Graph {
    pub(super) fn new(nodes: usize) -> Self {
        Self { arrows: vec![BTreeSet::new(); nodes] }
    }

    pub(super) fn add(&mut self, from: usize, to: usize) {
        if from != to {
            self.arrows[from].insert(to);
        }
    }

    /// All that is reached from a node.
    fn reached(&self, from: usize) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut open = vec![from];
        while let Some(node) = open.pop() {
            open.extend(self.arrows[node].iter().filter(|next| reached.insert(**next)));
        }
        reached
    }

    /// The largest sets in which each reaches each.
    pub(super) fn circles(&self) -> Vec<Vec<usize>> {
        let reached: Vec<_> = (0..self.arrows.len()).map(|node| self.reached(node)).collect();
        let circle = |node: usize| -> Vec<usize> {
            let both = |other: &&usize| reached[**other].contains(&node);
            reached[node].iter().filter(both).copied().collect()
        };
        let circles = (0..self.arrows.len()).map(|node| (node, circle(node)));
        // Each once: where its first member stands.
        circles
            .filter(|(node, circle)| circle.first() == Some(node))
            .map(|(_, circle)| circle)
            .collect()
    }

    /// The arrows between members of a set.
    pub(super) fn arrows_among(&self, members: &[usize]) -> Vec<(usize, usize)> {
        let within = |from: &usize| {
            let from = *from;
            let targets = self.arrows[from].iter().filter(|to| members.contains(to));
            targets.map(move |to| (from, *to)).collect::<Vec<_>>()
        };
        members.iter().flat_map(within).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Graph;

    #[test]
    fn a_loop_is_found_once_and_a_chain_is_none() {
        let mut graph = Graph::new(5);
        for (from, to) in [(0, 1), (1, 2), (2, 1), (2, 3), (3, 3), (3, 4)] {
            graph.add(from, to);
        }
        assert_eq!(graph.circles(), [vec![1, 2]]);
        assert_eq!(graph.arrows_among(&[1, 2]), [(1, 2), (2, 1)]);
    }
}
