//! Pods' lives, from the events that their deployment has logged.

use std::time::{Duration, Instant};

use changeover_rollout::deployment::{Event, EventKind};

use super::record::{PodSpan, PodStage};

/// Stretches of pods' lives from the deployment's events.
pub(super) fn pod_spans(events: &[Event], start: Instant, due_for: Duration) -> Vec<PodSpan> {
    let at_ms = |event: &Event| event.at.saturating_duration_since(start).as_secs_f64() * 1000.0;
    let end_ms = due_for.as_secs_f64() * 1000.0;
    let mut open: Vec<PodSpan> = Vec::new();
    let mut spans = Vec::new();
    for event in events {
        let Some(pod) = &event.pod else { continue };
        let stage = match event.kind {
            EventKind::PodStarted | EventKind::PodNotReady => Some(PodStage::Starting),
            EventKind::PodReady => Some(PodStage::Ready),
            EventKind::PodTerminating => Some(PodStage::Leaving),
            EventKind::PodFailed | EventKind::PodGone => None,
            _ => continue,
        };
        if let Some(index) = open.iter().position(|span| span.pod == *pod) {
            let mut span = open.swap_remove(index);
            span.to_ms = at_ms(event);
            spans.push(span);
        }
        if let Some(stage) = stage {
            open.push(PodSpan {
                pod: pod.clone(),
                release: event.release.clone(),
                stage,
                from_ms: at_ms(event),
                to_ms: end_ms,
            });
        }
    }
    spans.append(&mut open);
    spans.retain(|span| span.to_ms > span.from_ms && span.from_ms < end_ms);
    spans.sort_by(|a, b| a.from_ms.total_cmp(&b.from_ms));
    spans
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use changeover_rollout::deployment::{Event, EventKind};

    use super::pod_spans;

    #[test]
    fn a_life_is_starting_ready_leaving_within_the_load() {
        let begin = Instant::now();
        let event = |kind, pod: Option<&str>, at_ms| Event {
            at: begin + Duration::from_millis(at_ms),
            pod: pod.map(str::to_owned),
            release: "4.9".to_owned(),
            kind,
            text: String::new(),
        };
        let (a, b) = (Some("a"), Some("b"));
        let events = [
            event(EventKind::RolloutStarted, None, 0),
            event(EventKind::PodCreated, a, 0),
            event(EventKind::PodStarted, a, 5),
            event(EventKind::PodReady, a, 10),
            event(EventKind::PodStarted, b, 30),
            event(EventKind::PodTerminating, a, 40),
            event(EventKind::PodSignalled, a, 41),
            event(EventKind::PodFailed, b, 50),
            event(EventKind::PodGone, a, 60),
            event(EventKind::PodStarted, b, 70),
            event(EventKind::PodReady, b, 80),
        ];
        let spans =
            pod_spans(&events, begin + Duration::from_millis(20), Duration::from_millis(100));
        let seen: Vec<_> = spans
            .iter()
            .map(|span| format!("{} {:?} {}-{}", span.pod, span.stage, span.from_ms, span.to_ms))
            .collect();
        assert_eq!(
            seen,
            [
                "a Ready 0-20",
                "b Starting 10-30",
                "a Leaving 20-40",
                "b Starting 50-60",
                "b Ready 60-100",
            ]
        );
    }
}
