//! How often somebody may do something.

use crate::listener::{ClientAddress, network};
use crate::metrics::Metrics;
use axum::Router;
use axum::extract::Request;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use governor::RateLimiter;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use serde::Deserialize;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So many at once, and so many a minute in the long run. No limit if `per_minute` is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// How many come back each minute; zero for no limit.
    pub per_minute: u32,
    /// How many may be used at once, at least one.
    pub burst: NonZeroU32,
}

/// The time since some beginning.
#[derive(Clone)]
pub struct Time(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Time {
    /// Of a clock that never goes back.
    pub fn monotonic() -> Self {
        let beginning = Instant::now();
        Self::new(move || beginning.elapsed())
    }

    /// Of any clock.
    pub fn new(elapsed: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(elapsed))
    }
}

impl Clock for Time {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        (self.0)().into()
    }
}

/// It was too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too often; again in {retry_after} seconds")]
pub struct TooOften {
    /// When the next try has a chance: whole seconds, at least one. The value of `Retry-After`.
    pub retry_after: u64,
}

impl TooOften {
    /// The header that says so: RFC 9110 §10.2.3.
    pub fn header(self) -> (HeaderName, HeaderValue) {
        (RETRY_AFTER, HeaderValue::from(self.retry_after))
    }
}

type Limiter<K> = RateLimiter<K, DashMapStateStore<K>, Time, NoOpMiddleware<Nanos>>;

/// A limit for each of many keys. What is remembered of a key is gone once it has its whole burst
/// again and [`Limit::forget`] was called.
pub struct Limit<K: Hash + Eq + Clone> {
    name: &'static str,
    limiter: Option<Limiter<K>>,
    time: Time,
    metrics: Metrics,
}

impl<K: Hash + Eq + Clone> Limit<K> {
    /// A limit that `metrics` count under `name`.
    pub fn new(name: &'static str, quota: Quota, time: Time, metrics: Metrics) -> Self {
        let limiter = NonZeroU32::new(quota.per_minute).map(|per_minute| {
            let quota = governor::Quota::per_minute(per_minute).allow_burst(quota.burst);
            RateLimiter::new(quota, DashMapStateStore::default(), time.clone())
        });
        Self {
            name,
            limiter,
            time,
            metrics,
        }
    }

    /// Uses one of `key`'s.
    ///
    /// # Errors
    /// [`TooOften`] if there is none left.
    pub fn check(&self, key: &K) -> Result<(), TooOften> {
        let Some(limiter) = &self.limiter else {
            return Ok(());
        };
        limiter.check_key(key).map_err(|not_until| {
            self.metrics.rate_limited(self.name);
            let wait = not_until.wait_time_from(self.time.now());
            TooOften {
                retry_after: wait.as_secs() + 1,
            }
        })
    }

    /// Frees the memory of keys that have their whole burst. To be called about every minute.
    pub fn forget(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

/// Checks each request by its [`ClientAddress`] before `router` does any work; `refuse` answers in
/// the words of whoever asked.
pub fn by_address(
    router: Router,
    limit: Arc<Limit<IpAddr>>,
    refuse: fn(&Request, TooOften) -> Response,
) -> Router {
    router.layer(from_fn(move |request: Request, next: Next| {
        let client = request.extensions().get::<ClientAddress>();
        // Whoever comes without a listener is one client.
        let address = client.map_or(Ipv6Addr::UNSPECIFIED.into(), |client| client.0);
        let checked = limit.check(&network(address));
        async move {
            match checked {
                Ok(()) => next.run(request).await,
                Err(too_often) => refuse(&request, too_often),
            }
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::response::IntoResponse as _;
    use axum::routing::get;
    use std::sync::atomic::{AtomicU64, Ordering};
    use tower::ServiceExt as _;

    struct Tested {
        seconds: Arc<AtomicU64>,
        limit: Limit<IpAddr>,
        metrics: Metrics,
    }

    fn tested(per_minute: u32, burst: u32) -> Tested {
        let seconds = Arc::new(AtomicU64::new(0));
        let clock = seconds.clone();
        let time = Time::new(move || Duration::from_secs(clock.load(Ordering::SeqCst)));
        let quota = Quota {
            per_minute,
            burst: burst.try_into().unwrap(),
        };
        let metrics = Metrics::new();
        Tested {
            seconds,
            limit: Limit::new("tested", quota, time, metrics.clone()),
            metrics,
        }
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_burst_can_be_used_at_once_and_comes_back_with_time() {
        let Tested {
            seconds,
            limit,
            metrics,
        } = tested(6, 3);
        let one = address("192.0.2.1");
        for _ in 0..3 {
            limit.check(&one).unwrap();
        }
        let refused = limit.check(&one).unwrap_err();
        assert!((10..=11).contains(&refused.retry_after), "{refused}");
        limit.check(&address("192.0.2.2")).unwrap();
        seconds.fetch_add(refused.retry_after, Ordering::SeqCst);
        limit.check(&one).unwrap();
        limit.check(&one).unwrap_err();
        let counted = metrics.text().unwrap();
        let line = "kazasu_rate_limited_total{limit=\"tested\"} 2";
        assert!(counted.contains(line), "{counted}");
    }

    #[test]
    fn whoever_waits_as_long_as_they_are_told_has_waited_long_enough() {
        // One comes back every 2.3 seconds.
        let Tested { seconds, limit, .. } = tested(26, 1);
        let one = address("192.0.2.1");
        limit.check(&one).unwrap();
        let refused = limit.check(&one).unwrap_err();
        seconds.fetch_add(refused.retry_after, Ordering::SeqCst);
        limit.check(&one).unwrap();
    }

    #[test]
    fn zero_a_minute_is_no_limit() {
        let Tested { limit, .. } = tested(0, 1);
        for _ in 0..100 {
            limit.check(&address("192.0.2.1")).unwrap();
        }
    }

    #[tokio::test]
    async fn each_client_is_limited_by_itself_and_a_network_as_one() {
        let Tested { limit, .. } = tested(1, 1);
        let served = Router::new().route("/", get(|| async {}));
        let router = by_address(served, Arc::new(limit), |_, _| {
            StatusCode::TOO_MANY_REQUESTS.into_response()
        });
        for (from, is_served) in [
            ("192.0.2.1", true),
            ("192.0.2.1", false),
            ("192.0.2.2", true),
            ("2001:db8::1", true),
            ("2001:db8::2", false),
            ("2001:db8:0:1::1", true),
        ] {
            let mut request = Request::new(Body::empty());
            let client = ClientAddress(address(from));
            request.extensions_mut().insert(client);
            let answer = router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status().is_success(), is_served, "{from}");
        }
    }

    #[test]
    fn whoever_has_the_whole_burst_is_forgotten_and_nobody_else() {
        let Tested { seconds, limit, .. } = tested(60, 10);
        let length = || limit.limiter.as_ref().unwrap().len();
        for last in 0..100 {
            limit.check(&address(&format!("192.0.2.{last}"))).unwrap();
        }
        seconds.fetch_add(5, Ordering::SeqCst);
        for _ in 0..5 {
            limit.check(&address("192.0.2.1")).unwrap();
        }
        limit.forget();
        assert_eq!(length(), 1);
        seconds.fetch_add(60, Ordering::SeqCst);
        limit.forget();
        assert_eq!(length(), 0);
    }
}
