//! Answers that come when no one waits for them any more.

use super::*;

/// A server that does not answer while it is waited for.
#[derive(Debug)]
struct Silent(Arc<Scripted>);

#[async_trait]
impl ToolClient for Silent {
    fn server(&self) -> &'static str {
        "silent"
    }

    fn secrets(&self) -> &Secrets {
        self.0.secrets()
    }

    fn life(&self) -> u64 {
        0
    }

    fn grace(&self) -> TimeDelta {
        self.0.grace()
    }

    fn late(&self) -> Vec<LateAnswer> {
        self.0.late()
    }

    async fn tools(&self, deadline: DateTime<Utc>) -> Result<Vec<ToolInfo>, ServerError> {
        self.0.tools(deadline).await
    }

    async fn call(&self, call: ToolCall) -> Called {
        let answer = ToolAnswer { structured: Some(json!({ "id": "17" })), ..ToolAnswer::default() };
        self.0.late.lock().unwrap().push(LateAnswer { call: call.id, answer });
        std::future::pending().await
    }
}

/// The port's word: dropping the future of an attempt withdraws nothing, and its answer is given out.
#[test]
fn the_answer_to_a_call_that_was_given_up_is_told() {
    let server = answering(Vec::new()).server;
    let client: Arc<dyn ToolClient> = Arc::new(Silent(server));
    let bindings = Binding::all(&SEEDS, &client);
    let platform = ToolPlatform::new(bindings, Arc::new(Bytes(Err("none"))), Arc::new(Stopped(now())));
    let effect = effect(PlatformName::Twitter, Vec::new());
    let act = Act {
        effect_id: effect_id(),
        effect: &effect,
        uploads: &[],
        call_key: &key(&effect),
        trace: &trace(),
        number: 2,
        send_before: at(9),
    };
    assert!(platform.act(&act).now_or_never().is_none(), "it is dropped while it waits");
    let late = platform.late();
    let [late] = late.as_slice() else { panic!("{late:?}") };
    assert_eq!((late.effect, late.attempt), (effect_id(), 2));
    assert!(matches!(&late.outcome, Outcome::Done(evidence) if evidence.post.id == "17"), "{late:?}");
    assert!(platform.late().is_empty(), "once");
}

#[test]
fn an_answered_call_is_forgotten() {
    let world =
        answering(vec![said(false, json!({ "id": "17" })), Called::NotSent { reason: "no".to_owned() }]);
    let effect = effect(PlatformName::Twitter, Vec::new());
    for _ in 0..2 {
        act_at(&world, &effect, &[], at(9));
        let call = format!("{}/1", key(&effect));
        let answer = ToolAnswer { structured: Some(json!({ "id": "18" })), ..ToolAnswer::default() };
        world.server.late.lock().unwrap().push(LateAnswer { call, answer });
        assert!(world.platform.late().is_empty());
    }
}

/// Two calls wait for their answers, and each gets its own, whichever comes first.
#[test]
fn each_late_answer_is_of_its_own_call() {
    let lost = || Called::Lost { reason: "died".to_owned() };
    let world = answering(vec![lost(), lost()]);
    let first = effect(PlatformName::Twitter, Vec::new());
    let second =
        Effect::new(EffectV1 { text: "Another text".to_owned(), ..first.content().clone() }).unwrap();
    let ids = [effect_id(), EffectId::from_uuid(Uuid::from_u128(8))];
    for (effect, effect_id) in [&first, &second].into_iter().zip(ids) {
        let (call_key, trace) = (&key(effect), &trace());
        let act = Act { effect, effect_id, uploads: &[], call_key, trace, number: 1, send_before: at(9) };
        assert!(matches!(world.platform.act(&act).now_or_never().unwrap(), Outcome::Unknown(_)));
    }
    let calls: Vec<String> = world.server.calls.lock().unwrap().iter().map(|call| call.id.clone()).collect();
    for (call, post) in calls.iter().zip(["17", "18"]).rev() {
        let answer = ToolAnswer { structured: Some(json!({ "id": post })), ..ToolAnswer::default() };
        world.server.late.lock().unwrap().push(LateAnswer { call: call.clone(), answer });
    }
    let told: Vec<(EffectId, String)> = world
        .platform
        .late()
        .into_iter()
        .map(|late| {
            let Outcome::Done(evidence) = late.outcome else { panic!("{late:?}") };
            (late.effect, evidence.post.id)
        })
        .collect();
    assert_eq!(told, [(ids[1], "18".to_owned()), (ids[0], "17".to_owned())]);
}

/// A JSON-RPC error proves nothing, and the answer that follows it names the post (python-sdk#2480).
#[test]
fn an_answer_after_a_json_rpc_error_is_read() {
    let world = answering(vec![Called::Failed { reason: "MCP error -32001: Request timed out".to_owned() }]);
    let effect = effect(PlatformName::Twitter, Vec::new());
    assert!(matches!(act_at(&world, &effect, &[], at(9)), Outcome::Unknown(_)));
    let call = world.server.calls.lock().unwrap().last().unwrap().id.clone();
    let answer = ToolAnswer { structured: Some(json!({ "id": "17" })), ..ToolAnswer::default() };
    world.server.late.lock().unwrap().push(LateAnswer { call, answer });
    assert_eq!(world.platform.late().len(), 1);
}
