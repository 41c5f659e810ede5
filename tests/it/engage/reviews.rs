//! A person decides: once, about exactly what is shown, and in time.

use chimera::Chimera;
use chimera::contracts::engage::{EngageAction, EngageInput, EngageOutput, EngageStatus};
use chimera::effect::Cancelled;
use chimera::governance::DeskError;
use chimera::governance::review::{ReviewDenial, ReviewState};
use chimera::skill_engage::{DecideError, EditRequest};
use chimera_tests::engage_stage::{engage, engage_context, engagement, reviewer, skill};
use chimera_tests::stage::work;
use chrono::TimeDelta;

use super::{World, code};

/// How long a reviewer keeps a review.
const LEASE: TimeDelta = TimeDelta::minutes(10);

fn id(answer: &EngageOutput) -> &str {
    answer.engagement_id.as_deref().expect("it has an id")
}

/// Claims what waits under an answer, as this reviewer.
pub(super) async fn claim(host: &Chimera, answer: &EngageOutput, name: &str) {
    let namespace = engage_context().namespace;
    let waiting = skill(host).waiting(&namespace, 100).await.unwrap();
    let review = waiting.into_iter().find(|review| review.artifact == id(answer)).expect("it waits");
    host.desk().claim(&namespace, review.id, &reviewer(name), LEASE).await.unwrap();
}

/// Claims and approves what waits under an answer.
pub(super) async fn approve(host: &Chimera, answer: &EngageOutput) -> EngageOutput {
    claim(host, answer, "ann").await;
    skill(host).approve(&engage_context().namespace, id(answer), &reviewer("ann")).await.unwrap()
}

async fn queued(world: &World, action: EngageAction) -> (Chimera, EngageInput, EngageOutput) {
    let (_, host) = world.host();
    let input = engagement(action);
    let answer = engage(&host, &input).await;
    assert_eq!(answer.status, EngageStatus::Pending, "{answer:?}");
    (host, input, answer)
}

#[tokio::test]
async fn an_approval_runs_it_once() {
    for action in EngageAction::ALL {
        let world = World::new(0.8).await;
        let (host, input, answer) = queued(&world, *action).await;
        let ran = approve(&host, &answer).await;
        assert_eq!(ran.status, EngageStatus::Success, "{action}: {ran:?}");
        for _ in 0..3 {
            assert_eq!(engage(&host, &input).await, ran, "{action}");
            work(&host).await;
        }
        let again = skill(&host).approve(&engage_context().namespace, id(&answer), &reviewer("ann")).await;
        assert!(
            matches!(again, Err(DecideError::Desk(DeskError::Denied(ReviewDenial::Settled(_))))),
            "{again:?}"
        );
        assert_eq!(world.platform.posts().len(), 1, "{action}");
        assert_eq!(world.platform.violations(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_edit_is_approved_and_the_first_text_is_not() {
    let world = World::new(0.8).await;
    let (host, input, answer) = queued(&world, EngageAction::Reply).await;
    claim(&host, &answer, "ann").await;
    let edit = EditRequest { content: "Thanks! It works offline, too.".to_owned() };
    let namespace = engage_context().namespace;
    let ran = skill(&host).approve_edited(&namespace, id(&answer), &reviewer("ann"), &edit).await.unwrap();
    assert_eq!(ran.status, EngageStatus::Success, "{ran:?}");
    assert_eq!(world.platform.posts()[0].text, edit.content);
    // Asking again with the text that was asked for at first is the same engagement.
    assert_eq!(engage(&host, &input).await, ran);
    let review = host.desk().list(&Default::default(), all()).await.unwrap().remove(0);
    let kept = review.edit.unwrap();
    assert!(review.document.contains("it works offline too."), "both texts stay");
    assert!(kept.diff.contains("-Thanks for asking") && kept.diff.contains("+Thanks!"), "{}", kept.diff);
    assert_eq!(world.platform.posts().len(), 1);
}

fn all() -> chimera::governance::review::ReviewPage {
    chimera::governance::review::ReviewPage { after: None, limit: 100 }
}

#[tokio::test]
async fn an_edit_that_breaks_a_rule_is_refused_to_the_reviewer() {
    let world = World::new(0.8).await;
    let (host, _, answer) = queued(&world, EngageAction::Reply).await;
    claim(&host, &answer, "ann").await;
    for (content, expected) in [
        ("long ".repeat(200), "CONTENT_TOO_LONG"),
        ("hidden \u{202e} order".to_owned(), "CONTENT_UNSAFE"),
        ("That is not our problem.".to_owned(), "PERSONA_VIOLATION"),
    ] {
        let edit = EditRequest { content };
        let namespace = engage_context().namespace;
        let refused = skill(&host).approve_edited(&namespace, id(&answer), &reviewer("ann"), &edit).await;
        let Err(DecideError::Edit { code, faults }) = refused else { panic!("{refused:?}") };
        assert_eq!(code.as_str(), expected, "{faults}");
    }
    assert_eq!(world.platform.performed(), []);
    // It still waits, and can still be approved as it was.
    let namespace = engage_context().namespace;
    let ran = skill(&host).approve(&namespace, id(&answer), &reviewer("ann")).await.unwrap();
    assert_eq!(ran.status, EngageStatus::Success);
}

#[tokio::test]
async fn a_rejection_is_final() {
    let world = World::new(0.8).await;
    let (host, input, answer) = queued(&world, EngageAction::Like).await;
    claim(&host, &answer, "ann").await;
    let namespace = engage_context().namespace;
    let review = skill(&host).waiting(&namespace, 1).await.unwrap().remove(0);
    host.desk().reject(&namespace, review.id, &reviewer("ann")).await.unwrap();
    let told = engage(&host, &input).await;
    assert_eq!((told.status, code(&told)), (EngageStatus::Failed, "REVIEW_REJECTED"));
    work(&host).await;
    assert_eq!(world.platform.performed(), []);
}

#[tokio::test]
async fn an_expired_review_never_runs() {
    let world = World::new(0.8).await;
    let (host, input, answer) = queued(&world, EngageAction::Like).await;
    world.clock.advance(TimeDelta::days(2));
    let told = engage(&host, &input).await;
    assert_eq!((told.status, code(&told)), (EngageStatus::Failed, "REVIEW_EXPIRED"));
    let namespace = engage_context().namespace;
    let late = skill(&host).approve(&namespace, id(&answer), &reviewer("ann")).await;
    assert!(late.is_err(), "{late:?}");
    work(&host).await;
    let review = host.desk().list(&Default::default(), all()).await.unwrap().remove(0);
    assert_eq!(review.state, ReviewState::Expired, "the worker closes it");
    assert_eq!(world.platform.performed(), []);
}

/// Approved in time, and nobody could run it until the approval had lapsed.
#[tokio::test]
async fn an_approval_that_lapsed_before_it_ran_never_runs() {
    let world = World::new(0.8).await;
    let (host, input, answer) = queued(&world, EngageAction::Like).await;
    claim(&host, &answer, "ann").await;
    let namespace = engage_context().namespace;
    let review = skill(&host).waiting(&namespace, 1).await.unwrap().remove(0);
    // The decision is written down, and whoever would run it dies.
    let terms = chimera::governance::Terms {
        also: Default::default(),
        holds: TimeDelta::hours(1),
        spec_version: None,
    };
    host.desk().approve(&namespace, review.id, &reviewer("ann"), terms).await.unwrap();
    world.clock.advance(TimeDelta::hours(2));
    let told = engage(&host, &input).await;
    assert_eq!((told.status, code(&told)), (EngageStatus::Failed, "APPROVAL_EXPIRED"));
    work(&host).await;
    let closed = engage(&host, &input).await;
    assert_eq!((closed.status, code(&closed)), (EngageStatus::Failed, "REVIEW_EXPIRED"));
    assert_eq!(world.platform.performed(), []);
}

#[tokio::test]
async fn of_two_reviewers_one_decides_and_the_other_is_told() {
    let world = World::new(0.8).await;
    let (host, _, answer) = queued(&world, EngageAction::Follow).await;
    let namespace = engage_context().namespace;
    let review = skill(&host).waiting(&namespace, 1).await.unwrap().remove(0);
    let (ann, ben) = (reviewer("ann"), reviewer("ben"));
    let (one, other) = futures_util::future::join(
        host.desk().claim(&namespace, review.id, &ann, LEASE),
        host.desk().claim(&namespace, review.id, &ben, LEASE),
    )
    .await;
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let (first, second) = if one.is_ok() { (ann, ben) } else { (ben, ann) };
    let without = skill(&host).approve(&namespace, id(&answer), &second).await;
    let Err(DecideError::Desk(DeskError::Denied(ReviewDenial::Held { holder, .. }))) = without else {
        panic!("{without:?}")
    };
    assert_eq!(holder, first);
    assert_eq!(
        skill(&host).approve(&namespace, id(&answer), &first).await.unwrap().status,
        EngageStatus::Success
    );
    let late = skill(&host).approve(&namespace, id(&answer), &second).await;
    assert!(
        matches!(
            late,
            Err(DecideError::Desk(DeskError::Denied(ReviewDenial::Settled(ReviewState::Executed))))
        ),
        "{late:?}"
    );
    assert_eq!(world.platform.posts().len(), 1);
}

#[tokio::test]
async fn nobody_decides_about_their_own_request() {
    let world = World::new(0.8).await;
    let (host, _, answer) = queued(&world, EngageAction::Like).await;
    let namespace = engage_context().namespace;
    let review = skill(&host).waiting(&namespace, 1).await.unwrap().remove(0);
    let mut own = reviewer("x");
    own.id = engage_context().actor;
    let denied = host.desk().claim(&namespace, review.id, &own, LEASE).await;
    assert_eq!(denied.unwrap_err(), DeskError::Denied(ReviewDenial::OwnRequest));
    assert!(skill(&host).approve(&namespace, id(&answer), &own).await.is_err());
    assert_eq!(world.platform.performed(), []);
}

#[tokio::test]
async fn a_review_can_be_put_off_handed_up_and_put_back() {
    let world = World::new(0.8).await;
    let (host, _, answer) = queued(&world, EngageAction::Like).await;
    let namespace = engage_context().namespace;
    let review = skill(&host).waiting(&namespace, 1).await.unwrap().remove(0);
    let (ann, ben) = (reviewer("ann"), reviewer("ben"));
    let later = world.clock().now() + TimeDelta::hours(1);
    let desk = host.desk();
    desk.claim(&namespace, review.id, &ann, LEASE).await.unwrap();
    desk.defer(&namespace, review.id, &ann, later).await.unwrap();
    assert_eq!(skill(&host).waiting(&namespace, 1).await.unwrap(), [], "not shown before its time");
    world.clock.advance(TimeDelta::hours(1));
    desk.claim(&namespace, review.id, &ann, LEASE).await.unwrap();
    desk.release(&namespace, review.id, &ann).await.unwrap();
    desk.claim(&namespace, review.id, &ben, LEASE).await.unwrap();
    let up = desk.escalate(&namespace, review.id, &ben).await.unwrap();
    assert_eq!(up.priority, 9);
    assert_eq!(approve(&host, &answer).await.status, EngageStatus::Success);
}

#[tokio::test]
async fn what_was_not_attempted_can_be_taken_back() {
    let world = World::new(0.8).await;
    let (host, input, answer) = queued(&world, EngageAction::Like).await;
    let namespace = engage_context().namespace;
    assert_eq!(skill(&host).cancel(&namespace, id(&answer)).await.unwrap(), Cancelled::Done);
    let told = engage(&host, &input).await;
    assert_eq!((told.status, code(&told)), (EngageStatus::Failed, "CANCELLED"));
    assert_eq!(skill(&host).cancel(&namespace, "eng_none").await.unwrap(), Cancelled::Missing);
    assert_eq!(world.platform.performed(), []);

    // Admitted for the worker, and cancelled before it came.
    let world = World::new(0.99).await;
    let (_, host) = world.host();
    let submitted = skill(&host).submit(&engage_context(), &input).await.unwrap();
    assert_eq!(submitted.status, EngageStatus::Pending);
    assert_eq!(skill(&host).cancel(&namespace, id(&submitted)).await.unwrap(), Cancelled::Done);
    work(&host).await;
    assert_eq!(world.platform.performed(), []);
    let told = engage(&host, &input).await;
    assert_eq!((told.status, code(&told)), (EngageStatus::Failed, "CANCELLED"));

    // Too late.
    let other = EngageInput { target: "post_2".to_owned(), ..input };
    let done = engage(&host, &other).await;
    assert_eq!(skill(&host).cancel(&namespace, id(&done)).await.unwrap(), Cancelled::TooLate);
}

#[tokio::test]
async fn submitting_answers_at_once_and_the_worker_acts() {
    let world = World::new(0.99).await;
    let (_, host) = world.host();
    let input = engagement(EngageAction::Comment);
    let namespace = engage_context().namespace;
    let submitted = skill(&host).submit(&engage_context(), &input).await.unwrap();
    assert_eq!(submitted.status, EngageStatus::Pending);
    assert_eq!(world.platform.performed(), []);
    work(&host).await;
    let told = skill(&host).status(&namespace, id(&submitted)).await.unwrap().unwrap();
    assert_eq!(told.status, EngageStatus::Success, "{told:?}");
    assert_eq!(engage(&host, &input).await, told);
    assert_eq!(world.platform.posts().len(), 1);
    assert_eq!(skill(&host).status(&namespace, "eng_none").await.unwrap(), None);
}
