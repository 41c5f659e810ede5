//! Engagements of several processes on one database, each with a real MCP server over one record: one act each.

use chimera::contracts::engage::{EngageAction, EngageOutput, EngageStatus};
use chimera_sandbox::Record;
use chimera_tests::engage_stage::{fund, real_engagement};

use super::{CALLERS, Crowd, Place};

/// One act in public, and nothing twice.
fn check_public(place: &Place) {
    let record = Record::open(place.record()).unwrap();
    assert_eq!(record.engagements(), 1, "{:#?}", record.calls());
    assert_eq!(record.duplicates(), []);
    assert_eq!(record.posts(), []);
}

fn check_answers(answers: &[EngageOutput]) {
    assert_eq!(answers[0].status, EngageStatus::Success, "{:#?}", answers[0]);
    for answer in answers {
        assert_eq!(*answer, answers[0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_engage_once_in_every_way() {
    for action in EngageAction::ALL {
        let place = Place::new().await;
        fund(place.store().as_ref()).await;
        let mut crowds = [(); 4].map(|()| place.crowd(60, &["--engage", action.as_str()]));
        crowds.iter_mut().for_each(|crowd| crowd.wait_until("ready"));
        crowds.iter_mut().for_each(Crowd::go);
        let answers: Vec<EngageOutput> = crowds.into_iter().flat_map(Crowd::answers).collect();
        assert_eq!(answers.len(), 4 * CALLERS);
        check_answers(&answers);
        check_public(&place);
    }
}

/// A crowd is killed right before or after it acted; another one meanwhile waits for it and finds out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_killed_in_mid_act_leaves_one_act() {
    for (when, action) in [
        ("before", EngageAction::Like),
        ("after", EngageAction::Like),
        ("before", EngageAction::Reply),
        ("after", EngageAction::Reply),
    ] {
        let place = Place::new().await;
        fund(place.store().as_ref()).await;
        let stop = format!("{when}:{}", real_engagement(action).platform);
        let engaging = ["--engage", action.as_str()];
        let mut killed = place.crowd(5, &[&engaging[..], &["--stop", &stop]].concat());
        killed.wait_until("ready");
        killed.go();
        killed.wait_until("stopped");
        let mut other = place.crowd(5, &engaging);
        other.wait_until("ready");
        other.go();
        killed.kill();
        check_answers(&other.answers::<EngageOutput>());
        check_public(&place);
        let store = place.store();
        place.verify(&store).await;
    }
}
