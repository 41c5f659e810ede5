//! Callers that call at the same time, each making one call after the other.

use std::time::{Duration, Instant};

/// Makes a call for each request, shared out among the callers; says how long each took.
///
/// # Panics
/// When a call panics.
pub async fn crowd<R, F>(
    callers: usize,
    requests: Vec<R>,
    call: impl Fn(R) -> F + Clone + Send + 'static,
) -> Vec<Duration>
where
    R: Send + 'static,
    F: Future<Output = ()> + Send,
{
    let caller = |share: Vec<R>| {
        let call = call.clone();
        tokio::spawn(async move {
            let mut latencies = Vec::with_capacity(share.len());
            for request in share {
                let begun = Instant::now();
                call(request).await;
                latencies.push(begun.elapsed());
            }
            latencies
        })
    };
    let callers: Vec<_> = shares(requests, callers).into_iter().map(caller).collect();
    let mut latencies = Vec::new();
    for caller in callers {
        latencies.extend(caller.await.expect("a caller ends"));
    }
    latencies
}

/// Each caller's share of the requests.
fn shares<R>(requests: Vec<R>, callers: usize) -> Vec<Vec<R>> {
    let mut shares: Vec<Vec<R>> = (0..callers).map(|_| Vec::new()).collect();
    for (number, request) in requests.into_iter().enumerate() {
        if let Some(share) = shares.get_mut(number % callers) {
            share.push(request);
        }
    }
    shares
}
