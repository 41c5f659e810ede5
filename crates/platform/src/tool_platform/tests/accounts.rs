//! In whose name a server acts: a server that is signed in to one account at a time, and uploads.

use super::*;

const SWITCHING: &str = r#"
    name = "switching"
    [platforms.twitter]
    [platforms.twitter.sign_in]
    tool = "login"
    arguments = { user = "{account}" }
    confirm = { pointer = "/ok", equals = true }
    [platforms.twitter.whoami]
    tool = "whoami"
    account = "/username"
    [platforms.twitter.publish]
    tool = "post"
    arguments = { text = "{text}" }
    id = "/id"
    reads_back = false
"#;

/// A server with one active account at a time, as cookie and browser servers have.
#[derive(Debug, Default)]
struct OneAtATime {
    active: Mutex<String>,
    posted: Mutex<Vec<String>>,
    secrets: Secrets,
}

#[async_trait]
impl ToolClient for OneAtATime {
    fn server(&self) -> &'static str {
        "one"
    }
    fn secrets(&self) -> &Secrets {
        &self.secrets
    }
    fn life(&self) -> u64 {
        1
    }
    fn grace(&self) -> TimeDelta {
        TimeDelta::seconds(60)
    }
    fn late(&self) -> Vec<LateAnswer> {
        Vec::new()
    }
    async fn tools(&self, _: DateTime<Utc>) -> Result<Vec<ToolInfo>, ServerError> {
        let tool = |name: &str, argument: Option<&str>| ToolInfo {
            name: name.to_owned(),
            input_schema: match argument {
                Some(argument) => json!({ "properties": { argument: {} } }),
                None => json!({ "properties": {} }),
            },
        };
        Ok(vec![tool("login", Some("user")), tool("whoami", None), tool("post", Some("text"))])
    }
    async fn call(&self, call: ToolCall) -> Called {
        let mut active = self.active.lock().unwrap();
        match call.tool.as_str() {
            "login" => {
                *active = call.arguments["user"].as_str().unwrap().to_owned();
                said(false, json!({ "ok": true }))
            }
            "whoami" => said(false, json!({ "username": active.clone() })),
            _ => {
                let mut posted = self.posted.lock().unwrap();
                posted.push(active.clone());
                said(false, json!({ "id": format!("17{}", posted.len()) }))
            }
        }
    }
}

fn post_by(account: &str) -> Effect {
    let content = effect(PlatformName::Twitter, Vec::new()).content().clone();
    Effect::new(EffectV1 { account: account.to_owned(), ..content }).unwrap()
}

/// Nothing is sent to the wrong account, by one binding for all accounts or by two bindings of one server.
#[test]
fn a_server_with_one_active_account_posts_in_the_account_of_the_effect() {
    let profile = Profile::parse(SWITCHING).unwrap();
    let twitter = profile.platform(PlatformName::Twitter).unwrap();
    for shared in [false, true] {
        let server = Arc::new(OneAtATime::default());
        let client: Arc<dyn ToolClient> = server.clone();
        let bindings = if shared {
            vec![Binding::new(twitter.clone(), client)]
        } else {
            vec![
                Binding::new(twitter.clone(), client.clone()).account("acme"),
                Binding::new(twitter.clone(), client).account("labs"),
            ]
        };
        let platform = ToolPlatform::new(bindings, Arc::new(Bytes(Ok(Vec::new()))), Arc::new(Stopped(now())));
        let mut wanted = Vec::new();
        for account in ["acme", "labs", "acme"] {
            let effect = post_by(account);
            let act = Act {
                effect: &effect,
                effect_id: effect_id(),
                uploads: &[],
                call_key: &key(&effect),
                trace: &trace(),
                number: 1,
                send_before: at(9),
            };
            let outcome = platform.act(&act).now_or_never().unwrap();
            match outcome {
                Outcome::Done(_) => wanted.push(account.to_owned()),
                Outcome::NotDone(refusal) => {
                    assert_eq!(refusal.code, ErrorCode::PlatformNotConfigured);
                    assert!(
                        refusal.message.contains("signed in to `twitter` as `acme`"),
                        "{}",
                        refusal.message
                    );
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(wanted, ["acme", "acme"]);
        assert_eq!(*server.posted.lock().unwrap(), wanted, "one binding for all: {shared}");
    }
}

/// An upload goes to the account that is bound, or nowhere.
#[test]
fn an_upload_to_another_account_is_not_sent() {
    const UPLOADS: &str = r#"
        name = "uploads"
        [platforms.instagram]
        [platforms.instagram.whoami]
        tool = "whoami"
        account = "/username"
        [platforms.instagram.upload]
        tool = "upload"
        arguments = { data = "{data}" }
        id = "/media_id"
        timeout_ms = 9_000
        [platforms.instagram.publish]
        tool = "post"
        arguments = { caption = "{text}", media = "{media_ids}" }
        id = "/id"
    "#;
    let profile = Profile::parse(UPLOADS).unwrap();
    let other = said(false, json!({ "username": "somebody_else", "media_id": "m1" }));
    let world = world_of(
        &profile,
        Ok(built_in::offered(&profile)),
        Ok(b"bytes".to_vec()),
        vec![other.clone(), other],
    );
    let media = medium(MediaIdentity::ByReference);
    let effect = effect(PlatformName::Instagram, vec![media.clone()]);
    let call_key = key(&effect).step("upload", 0);
    let upload = Upload { effect: &effect, media: &media, call_key, trace: &trace() };
    let uploaded = world.platform.upload(upload).now_or_never().unwrap();
    let tools: Vec<_> = world.server.calls.lock().unwrap().iter().map(|call| call.tool.clone()).collect();
    assert!(!tools.contains(&"upload".to_owned()), "{tools:?} {uploaded:?}");
}
