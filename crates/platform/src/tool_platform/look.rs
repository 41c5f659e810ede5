//! Looking for an earlier attempt: the calls behind [`crate::find`], which weighs what they show.

use std::collections::BTreeMap;

use chimera_contracts::ErrorCode;
use chimera_effect::{
    DoubtfulItem, Evidence, ExternalPost, Finding, LookReport, LookUp, OwnedPost, PostOwners, SHOWN_ITEMS,
};
use serde_json::{Map, Value};

use super::{Binding, ToolPlatform};
use crate::border::Border;
use crate::classify;
use crate::find::{self, Case, Doubt, LISTED, Shown, Sight, Sought, short};
use crate::normalise::Answer;
use crate::profile::{ActTool, GetTool, Input, Invocation, ListTool, Naming, Parts, StateTool};
use crate::tool::{Called, ToolCall};
use crate::wire::Meta;

/// How many posts of one look are asked for one by one: those in doubt, and those that answers named.
const ASKED_FOR: usize = 5;
/// How many pages of a list are followed.
const PAGES: usize = 20;
/// How much of why a reading call failed is told.
const REASON: usize = 200;

/// A look under way.
struct Looking<'a> {
    platform: &'a ToolPlatform,
    binding: &'a Binding,
    act: &'a ActTool,
    look: &'a LookUp,
    sought: Sought,
    /// The life of the server in which it told its account.
    life: Option<u64>,
}

/// A list, as far as it was read.
#[derive(Default)]
struct Pages {
    items: Vec<Shown>,
    owners: BTreeMap<String, OwnedPost>,
    pages: usize,
    complete: bool,
    cut: bool,
    unfit: Vec<String>,
    /// What a page says against itself.
    against: Option<String>,
}

impl ToolPlatform {
    /// Looks whether an earlier attempt became public.
    pub(super) async fn look_for(&self, look: &LookUp, owners: &dyn PostOwners) -> Finding {
        let content = look.effect.content();
        let Ok((binding, act)) = self.acting(content.account_ref(), content.kind) else {
            return Finding::Blind { reason: "no tool is configured for the platform any more".to_owned() };
        };
        let sought = Sought::of(content, act, binding.names(&content.account));
        let mut looking = Looking { platform: self, binding, act, look, sought, life: None };
        let found = match looking.session().await {
            Ok(life) => {
                looking.life = life;
                looking.find(owners).await
            }
            Err(unread) => Err(unread),
        };
        match found {
            Ok(finding) => finding,
            Err(unread) => {
                // It explains nothing of what an earlier look left in doubt.
                let in_doubt = look.doubted.clone();
                let report = LookReport { in_doubt, ..LookReport::missing(looking.asked(), unread.why) };
                if unread.lasts { Finding::InDoubt(report) } else { Finding::Open(report) }
            }
        }
    }
}

/// Why a look saw nothing.
struct Unread {
    why: String,
    /// Whether it stays so until a person mends it: credentials, a tool that is not there.
    lasts: bool,
}

impl From<String> for Unread {
    fn from(why: String) -> Self {
        Self { why, lasts: false }
    }
}

impl Looking<'_> {
    /// Signs in where that has to come first, and asks for the account: a list of another account shows that ours posted
    /// nothing.
    async fn session(&self) -> Result<Option<u64>, Unread> {
        let deadline = self.platform.after(self.binding.profile.timeout);
        let opened = self.binding.open_session(&self.look.effect.content().account, deadline).await;
        let passes =
            |code| matches!(code, ErrorCode::PlatformUnavailable | ErrorCode::PlatformTransientError);
        opened.map_err(|closed| Unread { lasts: !passes(closed.code), why: closed.message })
    }

    /// What the look finds.
    ///
    /// # Errors
    /// With what failed, when it saw nothing.
    async fn find(&self, owners: &dyn PostOwners) -> Result<Finding, Unread> {
        // A share with words is a post: whether the target is shared at all says nothing about it.
        if let Some(state) = self.act.state.as_ref().filter(|_| self.sought.needs_complete()) {
            return self.state(state).await;
        }
        let mut doubts = Vec::new();
        // What cannot be shown by itself may be in the list all the same.
        let mut unread = None;
        if let Some(get) = &self.act.get {
            match self.candidates(get, owners, &mut doubts).await {
                Ok(Some(found)) => return Ok(self.there(found)),
                Ok(None) => {}
                Err(failed) => unread = Some(failed),
            }
        }
        let Some(list) = &self.act.list else {
            if let Some(unread) = unread {
                return Err(unread);
            }
            let reason = "the platform offers no list that could show that it is absent";
            return Ok(Finding::Blind { reason: reason.to_owned() });
        };
        let pages = self.pages(list, owners).await?;
        let case = self.case(list.own, &pages.owners);
        let found = match case.sight(&pages.items) {
            Sight::NotFound(unexplained) => self.look_closer(&case, &pages.items, unexplained).await,
            found => found,
        };
        match found {
            Sight::Found(item) => return Ok(self.there(item)),
            Sight::NotFound(left) => doubts.extend(left),
        }
        if let Some(unread) = unread {
            return Err(unread);
        }
        Ok(self.not_found(list, &case, &pages, &doubts))
    }

    /// What it means that nothing in sight is ours.
    fn not_found(&self, list: &ListTool, case: &Case<'_>, pages: &Pages, doubts: &[Doubt]) -> Finding {
        let missing = find::missing_of_whole(case, &pages.items, pages.complete, pages.cut);
        let held = || list.leaves_out_held.then(|| "what the platform holds back is not listed".to_owned());
        let missing = pages.against.clone().or(missing).or_else(held);
        let unfit = (!pages.unfit.is_empty()).then(|| format!("fits no item: {}", pages.unfit.join(", ")));
        let lost: Vec<DoubtfulItem> = case
            .lost(&pages.items)
            .map(|item| DoubtfulItem {
                why: "an earlier look saw it, and this one does not".to_owned(),
                ..item.clone()
            })
            .collect();
        let in_doubt = match doubts.len().saturating_add(lost.len()) {
            0 => None,
            1 => Some("1 item is in doubt".to_owned()),
            several => Some(format!("{several} items are in doubt")),
        };
        let absent = missing.is_none() && doubts.is_empty() && lost.is_empty();
        let gaps: Vec<String> = [in_doubt, missing, unfit].into_iter().flatten().collect();
        let report = LookReport {
            asked: self.asked(),
            saw: saw(pages),
            missing: (!absent).then(|| gaps.join("; ")),
            in_doubt: doubts
                .iter()
                .map(|doubt| doubt.shown(self.border()))
                .chain(lost)
                .take(SHOWN_ITEMS)
                .collect(),
        };
        if absent { Finding::Absent(report) } else { Finding::InDoubt(report) }
    }

    /// Whether the state is set, by the tool that tells.
    async fn state(&self, state: &StateTool) -> Result<Finding, Unread> {
        let arguments = self.arguments(&state.invocation, None);
        let answer = self.read(&state.invocation, arguments).await?;
        if let Some(against) = classify::against(&answer, None, self.look.until) {
            let shown = answer.shown(self.border(), REASON);
            return Err(format!("the tool `{}` {against}: {shown}", state.invocation.tool).into());
        }
        if find::is_asked_for(&answer.value) {
            return Err("it is asked for and not granted: whether it is set is for somebody else to say"
                .to_owned()
                .into());
        }
        let pointer = &state.confirm.pointer;
        let Some(found) = answer.at(pointer) else {
            return Err(format!("`confirm = \"{pointer}\"` fits nothing in the answer").into());
        };
        match state.confirm.tells(found) {
            Some(true) => return Ok(self.there(Shown::default())),
            Some(false) => {}
            None => {
                return Err(format!("what stands at `confirm = \"{pointer}\"` is neither yes nor no").into());
            }
        }
        let report =
            LookReport { asked: self.asked(), saw: "that it is not set".to_owned(), ..LookReport::default() };
        Ok(Finding::Absent(report))
    }

    /// The posts that answers named, each by itself: the first that is ours.
    async fn candidates(
        &self,
        get: &GetTool,
        owners: &dyn PostOwners,
        doubts: &mut Vec<Doubt>,
    ) -> Result<Option<Shown>, Unread> {
        let ids: Vec<String> = self.look.candidates.iter().map(|candidate| candidate.id.clone()).collect();
        if ids.is_empty() {
            return Ok(None);
        }
        let owned = self.owned(owners, &ids).await?;
        for id in ids.into_iter().rev().take(ASKED_FOR) {
            let Some(shown) = self.ask_for(get, &id).await? else { continue };
            match self.case(false, &owned).sight(std::slice::from_ref(&shown)) {
                Sight::Found(found) => return Ok(Some(found)),
                Sight::NotFound(unexplained) => doubts.extend(unexplained),
            }
        }
        Ok(None)
    }

    /// One post by its id; `None` when it is not there.
    async fn ask_for(&self, get: &GetTool, id: &str) -> Result<Option<Shown>, Unread> {
        let arguments = self.arguments(&get.invocation, Some(id));
        let answer = self.call(&get.invocation, arguments).await?;
        if classify::read_failed(&self.binding.profile, &answer) {
            return if classify::is_missing(&self.binding.profile, &answer) {
                Ok(None)
            } else {
                Err(self.failed(&get.invocation, &answer))
            };
        }
        Ok(Some(find::one(get, id, &answer)?))
    }

    /// The list, page by page, until it is whole, ends, or is too long.
    async fn pages(&self, list: &ListTool, owners: &dyn PostOwners) -> Result<Pages, Unread> {
        let mut read = Pages::default();
        let mut cursor: Option<Value> = None;
        loop {
            let answer = self.page(list, cursor.as_ref()).await?;
            let page = find::listed(list, self.look.effect.content().target.as_deref(), &answer)?;
            read.pages = read.pages.saturating_add(1);
            read.unfit = page.unfit;
            let ids: Vec<String> = page.items.iter().filter_map(|item| item.id.clone()).collect();
            read.owners.extend(self.owned(owners, &ids).await?);
            read.items.extend(page.items);
            read.complete = find::complete(list, &answer, &read.items);
            if let Some(against) = classify::against(&answer, answer.at(&list.items), self.look.until) {
                let shown = answer.shown(self.border(), REASON);
                let against = format!("the tool `{}` {against}: {shown}", list.invocation.tool);
                // A list that says so and shows nothing was not read.
                if read.items.is_empty() {
                    return Err(against.into());
                }
                read.against = Some(against);
                return Ok(read);
            }
            let room = read.items.len() < LISTED && read.pages < PAGES;
            read.cut = page.cut || read.items.len() > LISTED;
            let whole = read.complete || find::reaches(&self.case(list.own, &read.owners), &read.items);
            let next = list.next.as_ref().filter(|next| next.argument.is_some());
            let next =
                next.and_then(|next| answer.at(&next.pointer)).filter(|next| find::is_cursor(next)).cloned();
            if whole || read.cut || next.is_none() {
                return Ok(read);
            }
            // A cursor that comes again leads round in a circle.
            if !room || next == cursor {
                read.cut = true;
                return Ok(read);
            }
            cursor = next;
        }
    }

    async fn page(&self, list: &ListTool, cursor: Option<&Value>) -> Result<Answer, Unread> {
        let mut arguments = self.arguments(&list.invocation, None);
        let argument = list.next.as_ref().and_then(|next| next.argument.clone());
        arguments.extend(argument.zip(cursor.cloned()));
        let answer = self.read(&list.invocation, arguments).await?;
        Ok(answer)
    }

    /// Asks for the whole texts of items in doubt, and weighs all of them again.
    async fn look_closer(&self, case: &Case<'_>, items: &[Shown], unexplained: Vec<Doubt>) -> Sight {
        let Some(get) = self.act.get.as_ref().filter(|get| get.text.is_some()) else {
            return Sight::NotFound(unexplained);
        };
        let mut items = items.to_vec();
        let mut asked: BTreeMap<String, Option<String>> = BTreeMap::new();
        for doubt in unexplained.iter().filter(|doubt| !case.has_our_text(&doubt.item)) {
            let Some(id) = doubt.item.id.clone() else { continue };
            if asked.len() >= ASKED_FOR {
                break;
            }
            let why = match self.ask_for(get, &id).await {
                // A page for those who are not signed in, or an error of the server's, is no text of the item.
                Ok(Some(whole)) if !find::goes_on(doubt.item.text.as_deref(), whole.text.as_deref()) => {
                    Some("what shows it whole does not begin as the list shows it".to_owned())
                }
                Ok(Some(whole)) => {
                    let same = |item: &&mut Shown| item.id.as_deref() == Some(id.as_str());
                    for item in items.iter_mut().filter(same) {
                        item.text.clone_from(&whole.text);
                        item.edited |= whole.edited;
                        item.mark = item.mark.or(whole.mark);
                    }
                    None
                }
                // It was there a moment ago: no look explains it.
                Ok(None) => Some("it is listed and cannot be shown by itself".to_owned()),
                Err(unread) => Some(unread.why),
            };
            asked.insert(id, why);
        }
        match case.sight(&items) {
            Sight::NotFound(mut left) => {
                for doubt in &mut left {
                    let why = doubt.item.id.as_ref().and_then(|id| asked.get(id).cloned().flatten());
                    doubt.why = why.unwrap_or_else(|| std::mem::take(&mut doubt.why));
                }
                Sight::NotFound(left)
            }
            found => found,
        }
    }

    /// The arguments of a call that reads; `id` where it is about one post.
    fn arguments(&self, invocation: &Invocation, id: Option<&str>) -> Map<String, Value> {
        let content = self.look.effect.content();
        invocation.arguments(|part| {
            self.binding.part(part, &content.account, |input| match input {
                Input::Id => id.map(Value::from),
                Input::Target => content.target.as_deref().map(Value::from),
                _ => None,
            })
        })
    }

    async fn owned(
        &self,
        owners: &dyn PostOwners,
        ids: &[String],
    ) -> Result<BTreeMap<String, OwnedPost>, Unread> {
        let owned = owners.owners(ids).await;
        let unread = |error| format!("the journal cannot tell whose the posts are: {error}");
        let owned = owned.map_err(unread)?;
        Ok(owned.into_iter().map(|owned| (owned.external_id.clone(), owned)).collect())
    }

    fn case<'b>(&'b self, own: bool, owners: &'b BTreeMap<String, OwnedPost>) -> Case<'b> {
        let ids = matches!(self.act.naming, Naming::Theirs { .. });
        Case { look: self.look, sought: &self.sought, own, ids, owners }
    }

    /// The item as proof; where the platform gives no id, one of ours, and where the list shows no URL, that of the profile.
    fn there(&self, mut item: Shown) -> Finding {
        let content = self.look.effect.content();
        let parts = Parts::of(content, &self.look.call_key);
        if let (None, Some(template), Some(id)) = (&item.url, &self.act.url_template, &item.id) {
            item.url = Some(parts.url(template, id));
        }
        let id = match &self.act.naming {
            Naming::Ours(template) => parts.id(template),
            Naming::Theirs { .. } => parts.id(&format!("{}:{{target}}:{{key}}", content.kind.as_str())),
        };
        match (&self.act.naming, item.id.is_some()) {
            // The list may name the liked post: that is no id of the like.
            (Naming::Ours(_), _) | (Naming::Theirs { .. }, false) => {
                let post = ExternalPost {
                    id,
                    url: None,
                    published_at: item.created_at.filter(|_| !self.sought.is_state()),
                };
                Finding::There(Evidence { post, said: None, cost: None })
            }
            (Naming::Theirs { .. }, true) => item.into_finding(None, self.border()),
        }
    }

    fn border(&self) -> Border<'_> {
        Border { ours: &self.look.effect.content().text, ..self.binding.border() }
    }

    fn asked(&self) -> String {
        let content = self.look.effect.content();
        let target = content.target.as_ref().map(|target| format!(" about `{target}`")).unwrap_or_default();
        format!(
            "{} by `{}`{target} on {} since {}",
            content.kind.as_str(),
            content.account,
            content.platform,
            short(self.look.since)
        )
    }

    /// Calls a tool that only reads.
    ///
    /// # Errors
    /// With how it failed, however it did.
    async fn read(&self, invocation: &Invocation, arguments: Map<String, Value>) -> Result<Answer, Unread> {
        let answer = self.call(invocation, arguments).await?;
        if classify::read_failed(&self.binding.profile, &answer) {
            return Err(self.failed(invocation, &answer));
        }
        Ok(answer)
    }

    /// A reading tool that reports an error.
    fn failed(&self, invocation: &Invocation, answer: &Answer) -> Unread {
        let shown = answer.shown(self.border(), REASON);
        let lasts = classify::a_person_mends(&self.binding.profile, answer);
        Unread { why: format!("the tool `{}` failed: {shown}", invocation.tool), lasts }
    }

    async fn call(&self, invocation: &Invocation, arguments: Map<String, Value>) -> Result<Answer, String> {
        let Self { platform, binding, look, .. } = self;
        let deadline = platform.after(binding.profile.timeout);
        let meta = Meta::new(&look.call_key, binding.profile.platform, "look-up", &look.trace).into_entries();
        let tool = invocation.tool.clone();
        let id = format!("{}/look", look.call_key);
        let call = ToolCall { id, tool, arguments, meta, send_before: deadline, deadline, life: self.life };
        let failed = |how: &str, reason: &str| {
            format!("the tool `{}` {how}: {}", invocation.tool, self.border().shown(reason, REASON))
        };
        match binding.client.call(call).await {
            Called::Answered(answer) => {
                let answer = Answer::new(&answer);
                if answer.whole {
                    Ok(answer)
                } else {
                    Err(failed("asks for something before it answers", ""))
                }
            }
            Called::Failed { reason } => Err(failed("failed", &reason)),
            Called::NotSent { reason } => Err(failed("could not be asked", &reason)),
            Called::Lost { reason } => Err(failed("did not answer", &reason)),
        }
    }
}

fn saw(pages: &Pages) -> String {
    let count = pages.items.len();
    let back =
        pages.items.last().and_then(|last| last.created_at).map(|at| format!(", the last of {}", short(at)));
    let whole = if pages.complete { ", complete" } else { "" };
    format!("{count} items in {} pages{}{whole}", pages.pages, back.unwrap_or_default())
}
