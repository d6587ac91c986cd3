//! Accepts connections, and lets none of them wait for ever: for what the client wants, or for it to take the answer.

use super::GRACE;
use crate::clock::Clock;
use axum::Router;
use axum::extract::ConnectInfo;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::add_extension::AddExtension;

/// How long to wait when no connection can be accepted, for instance because too many files are open.
const PAUSE: Duration = Duration::from_millis(500);

/// Serves until told to stop, then lets requests under way finish. `patience` is how long a client may be silent before it
/// has said what it wants, and may take nothing of what there is for it.
pub(super) async fn serve(
    listener: TcpListener,
    routes: Router,
    patience: Duration,
    clock: &Clock,
    stop: &CancellationToken,
) {
    let (connections, graceful) = (TaskTracker::new(), GracefulShutdown::new());
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    let mut http1 = builder.http1();
    http1.timer(TokioTimer::new()).header_read_timeout(patience);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                clock.sleep(PAUSE).await;
                continue;
            }
        };
        give_up_after(&stream, patience);
        let service = AddExtension::new(routes.clone(), ConnectInfo(peer));
        let service = TowerToHyperService::new(service);
        let (builder, watcher) = (builder.clone(), graceful.watcher());
        let (clock, stop) = (clock.clone(), stop.clone());
        connections.spawn(async move {
            // Until its first byte, hyper would wait for ever.
            let mut first = [0];
            tokio::select! {
                _ = stream.peek(&mut first) => {}
                () = clock.alarm(patience) => return,
                () = stop.cancelled() => return,
            }
            let stream = TokioIo::new(stream);
            let connection = builder.serve_connection_with_upgrades(stream, service);
            if let Err(error) = watcher.watch(connection.into_owned()).await {
                tracing::debug!(error, "a connection failed");
            }
        });
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = clock.sleep(GRACE) => {}
    }
}

/// Has the system hang up on a client that takes nothing for so long: a body that is not read is not polled either, so
/// nothing else would notice.
fn give_up_after(stream: &TcpStream, patience: Duration) {
    let socket = socket2::SockRef::from(stream);
    #[cfg(target_os = "linux")]
    let done = socket.set_tcp_user_timeout(Some(patience));
    #[cfg(not(target_os = "linux"))]
    let done = socket.set_tcp_keepalive(&socket2::TcpKeepalive::new().with_time(patience));
    if let Err(error) = done.and_then(|()| stream.set_nodelay(true)) {
        tracing::debug!(%error, "a connection has no time-out");
    }
}
