//! From an address to a session whose server answered `initialize`.

use std::{sync::Arc, time::Duration};

use rmcp::{
    RoleClient,
    service::{ClientInitializeError, ClientLifecycleMode, RunningService, serve_client_with_lifecycle},
};
use tokio::{
    sync::{Semaphore, watch},
    time::{Instant, timeout},
};

use super::{HttpEndpoint, HttpError, session::Session, transport::HttpTransport};
use crate::{
    keeper::stopped,
    listing::{Listener, WITHOUT_WORD},
    run::{PLACES, Run},
    start::{INITIALIZE, refused},
    state::Shared,
    unready::Unready,
};

/// How long other calls have to be answered when a session has ended.
const DRAIN: Duration = Duration::from_secs(5);
/// How long the end of a session may take to be told.
const END: Duration = Duration::from_secs(3);

/// Begins a session and sets a keeper over it.
///
/// # Errors
/// Why not, and whether that passes by itself.
pub(crate) async fn open(
    shared: &Arc<Shared>,
    endpoint: &Arc<HttpEndpoint>,
    serial: u64,
) -> Result<Arc<Run>, Unready> {
    let listing = shared.listing().for_at_most(WITHOUT_WORD);
    let (inbox, replies) = shared.inbox(&listing);
    let (stop, stopped) = watch::channel(false);
    let secrets = Arc::clone(&shared.secrets);
    let (transport, session) =
        HttpTransport::new((Arc::clone(endpoint), secrets, shared.lives()), inbox, replies, stop.clone());
    let shaking = serve_client_with_lifecycle(Listener, transport, ClientLifecycleMode::Initialize);
    let time = endpoint.start_timeout;
    let service = match timeout(time, shaking).await {
        Ok(Ok(service)) => service,
        Ok(Err(error)) => return Err(unready(&error, shared)),
        Err(_) => return Err(Unready::passes(format!("it did not answer `initialize` within {time:?}"))),
    };
    let peer = service.peer().clone();
    let (end, ended) = watch::channel(None);
    let (pulse, places) = (session.pulse(), Arc::new(Semaphore::new(PLACES)));
    let is_named = session.is_named();
    let keeping = tokio::spawn({
        let (shared, places) = (Arc::clone(shared), Arc::clone(&places));
        async move {
            let how = keep(service, &session, (stopped, &places)).await;
            tracing::debug!(server = shared.terms.name, "the session is over: {how}");
            shared.retire(serial, &how);
            end.send_replace(Some(how));
        }
    });
    tracing::debug!(server = endpoint.name, "the session is ready");
    let run = Run::new(serial, Instant::now(), (peer, listing), (stop, ended), keeping.abort_handle());
    Ok(Arc::new(run.of_session(pulse, places, is_named)))
}

/// Runs until the session is over and all calls in flight know. Says how it ended.
async fn keep(
    service: RunningService<RoleClient, Listener>,
    session: &Session,
    (mut stop, places): (watch::Receiver<bool>, &Semaphore),
) -> String {
    let loop_token = service.cancellation_token();
    let mut serving = std::pin::pin!(service.waiting());
    let how = tokio::select! {
        biased;
        () = stopped(&mut stop) => match session.over() {
            Some(why) => {
                // The call that found it out has to hear of it, and the answers of others may be on the way.
                let all = u32::try_from(PLACES).unwrap_or(u32::MAX);
                let _ = timeout(DRAIN, places.acquire_many(all)).await;
                why
            }
            None => "it was closed".to_owned(),
        },
        _ = &mut serving => return "its connection was closed".to_owned(),
    };
    loop_token.cancel();
    let _ = timeout(END, serving).await;
    how
}

fn unready(error: &ClientInitializeError, shared: &Shared) -> Unready {
    if let ClientInitializeError::TransportError { error, .. } = error
        && let Some(error) = error.error.downcast_ref::<HttpError>()
    {
        return error.unready();
    }
    refused(INITIALIZE, error, shared.secrets.now())
}
