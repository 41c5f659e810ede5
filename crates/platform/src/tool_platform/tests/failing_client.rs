//! Each way in which a client can fail, and what the platform tells of it at each of its doors. A mock, because a scripted server
//! keeps the client's contract and so cannot fail before a test has prepared for it.

use mockall::mock;

use super::look::{Owners, question};
use super::*;
use crate::targets::{TargetFinding, TargetKind, TargetQuery, Targets};

mock! {
    #[derive(Debug)]
    Client {}

    #[async_trait]
    impl ToolClient for Client {
        fn server(&self) -> &str;
        fn secrets(&self) -> &Secrets;
        fn life(&self) -> u64;
        fn grace(&self) -> TimeDelta;
        async fn tools(&self, deadline: DateTime<Utc>) -> Result<Vec<ToolInfo>, ServerError>;
        async fn call(&self, call: ToolCall) -> Called;
        fn late(&self) -> Vec<LateAnswer>;
    }
}

/// How a client fails.
#[derive(Clone, Copy, Debug)]
enum Failure {
    /// Its server cannot be used, for a moment.
    Down,
    /// Its server cannot be used until somebody changes something.
    Broken,
    /// Its server offers no tool.
    Empty,
    /// A call is answered with an error of the protocol.
    Failed,
    /// A call is not sent.
    NotSent,
    /// A call is sent and not answered.
    Lost,
    /// A call is answered with a question.
    Asks,
}

fn client(failure: Failure) -> MockClient {
    let reason = || "as the test says".to_owned();
    let down = |retry_after| ServerError { server: "mock".to_owned(), reason: reason(), retry_after };
    let offered = match failure {
        Failure::Down => Err(down(Some(TimeDelta::seconds(1)))),
        Failure::Broken => Err(down(None)),
        Failure::Empty => Ok(Vec::new()),
        _ => Ok(tools()),
    };
    let called = match failure {
        Failure::Failed => Called::Failed { reason: reason() },
        Failure::Lost => Called::Lost { reason: reason() },
        Failure::Asks => Called::Answered(ToolAnswer {
            result_type: Some("input_required".to_owned()),
            ..ToolAnswer::default()
        }),
        // Nobody can be asked there, and a client that is asked all the same says so.
        Failure::NotSent | Failure::Down | Failure::Broken | Failure::Empty => {
            Called::NotSent { reason: reason() }
        }
    };
    let mut client = MockClient::new();
    client.expect_server().return_const("mock".to_owned());
    client.expect_secrets().return_const(Secrets::default());
    client.expect_life().return_const(1_u64);
    client.expect_grace().return_const(TimeDelta::seconds(60));
    client.expect_late().returning(Vec::new);
    client.expect_tools().returning(move |_| offered.clone());
    client.expect_call().returning(move |_| called.clone());
    client
}

fn platform(failure: Failure) -> ToolPlatform {
    let client: Arc<dyn ToolClient> = Arc::new(client(failure));
    let media = Arc::new(Bytes(Ok(b"bytes".to_vec())));
    ToolPlatform::new(Binding::all(&SEEDS, &client), media, Arc::new(Stopped(now())))
}

/// What each door says: an act, whether it is ready, an upload, a look for a post, a look for a target.
fn told(failure: Failure) -> [String; 5] {
    let platform = platform(failure);
    let post = effect(PlatformName::Twitter, Vec::new());
    let call_key = key(&post);
    let act = Act {
        effect_id: effect_id(),
        effect: &post,
        uploads: &[],
        call_key: &call_key,
        trace: &trace(),
        number: 1,
        send_before: at(100),
    };
    let acted = match platform.act(&act).now_or_never().unwrap() {
        Outcome::NotDone(refusal) => format!("not done, {}", refusal.code),
        Outcome::Unknown(_) => "unknown".to_owned(),
        other => format!("{other:?}"),
    };
    let ready = platform.ready(&[me(PlatformName::Twitter)], EffectKind::Publish).now_or_never().unwrap();
    let ready = ready.first().map_or("ready".to_owned(), |not| not.code.to_string());

    let media = medium(MediaIdentity::ByReference);
    let picture = effect(PlatformName::Twitter, vec![media.clone()]);
    let upload =
        Upload { effect: &picture, media: &media, call_key: call_key.step("upload", 0), trace: &trace() };
    let uploaded = match platform.upload(upload).now_or_never().unwrap() {
        Ok(uploaded) => uploaded.media_id,
        Err(refusal) => refusal.code.to_string(),
    };
    let found = match platform.find(&question(&post), &Owners::default()).now_or_never().unwrap() {
        Finding::Open(_) => "open".to_owned(),
        Finding::InDoubt(_) => "in doubt".to_owned(),
        other => format!("{other:?}"),
    };
    let query = TargetQuery {
        platform: PlatformName::Twitter,
        account: "me".to_owned(),
        kind: TargetKind::Post,
        target: "tweet_1".to_owned(),
    };
    let target = match platform.look(&query, at(100)).now_or_never().unwrap() {
        Some(TargetFinding::CannotTell { .. }) => "cannot tell".to_owned(),
        other => format!("{other:?}"),
    };
    [acted, ready, uploaded, found, target]
}

/// Only a call that may have left is unknown; nothing that failed is told as absent or missing.
#[test]
fn every_way_to_fail_is_told_for_what_it_is() {
    for (failure, expected) in [
        (
            Failure::Down,
            [
                "not done, PLATFORM_TRANSIENT_ERROR",
                "PLATFORM_TRANSIENT_ERROR",
                "MEDIA_UPLOAD_FAILED",
                "open",
                "cannot tell",
            ],
        ),
        // Once it is admitted the next attempt may find it mended; before that its operator is asked.
        (
            Failure::Broken,
            [
                "not done, PLATFORM_TRANSIENT_ERROR",
                "PLATFORM_UNAVAILABLE",
                "MEDIA_UPLOAD_FAILED",
                "open",
                "cannot tell",
            ],
        ),
        (
            Failure::Empty,
            [
                "not done, PLATFORM_NOT_CONFIGURED",
                "PLATFORM_NOT_CONFIGURED",
                "MEDIA_UPLOAD_FAILED",
                "open",
                "cannot tell",
            ],
        ),
        (Failure::Failed, ["unknown", "ready", "MEDIA_UPLOAD_FAILED", "open", "cannot tell"]),
        (
            Failure::NotSent,
            ["not done, PLATFORM_TRANSIENT_ERROR", "ready", "MEDIA_UPLOAD_FAILED", "open", "cannot tell"],
        ),
        (Failure::Lost, ["unknown", "ready", "MEDIA_UPLOAD_FAILED", "open", "cannot tell"]),
        (Failure::Asks, ["unknown", "ready", "MEDIA_UPLOAD_FAILED", "open", "cannot tell"]),
    ] {
        assert_eq!(told(failure), expected, "{failure:?}");
    }
}
