//! The threads that passwords are hashed on. A hash takes a core for long: whoever signs in waits for
//! others who do, and nobody who reads a page waits for either.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::{io, thread};

use domain::{Error, ErrorCode};
use tokio::sync::oneshot;

use crate::Outcome;
use crate::failure::Failure;

/// So many hashes may wait: some seconds of work. Whoever comes then is told to try again.
const WAITING: usize = 64;
/// When, in seconds.
const AGAIN: i64 = 2;

type Work = Box<dyn FnOnce() + Send>;

static QUEUE: LazyLock<io::Result<SyncSender<Work>>> = LazyLock::new(start);

/// Does the work on one of the threads, when it is its turn.
///
/// # Errors
/// [`ErrorCode::TooManyAttempts`] with the seconds to wait where the queue is full;
/// [`Failure::Broken`] where the system gives no thread.
pub(super) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Outcome<T> {
    let broken = |error: &dyn std::fmt::Display| Failure::broken("passwords", "thread", error);
    let queue = QUEUE.as_ref().map_err(|error| broken(error))?;
    let (answer, answered) = oneshot::channel();
    let work = move || {
        // Whoever asked may have gone away.
        let _ = answer.send(work());
    };
    match queue.try_send(Box::new(work)) {
        Ok(()) => answered.await.map_err(|error| broken(&error)),
        Err(TrySendError::Full(_)) => Err(Error::new(ErrorCode::TooManyAttempts).with_number(AGAIN).into()),
        Err(error @ TrySendError::Disconnected(_)) => Err(broken(&error)),
    }
}

/// Half the cores are never busy with passwords.
fn start() -> io::Result<SyncSender<Work>> {
    let (queue, works) = sync_channel(WAITING);
    let works = Arc::new(Mutex::new(works));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    for _ in 0..(cores / 2).max(1) {
        let works = works.clone();
        thread::Builder::new().name("passwords".to_owned()).spawn(move || work_off(&works))?;
    }
    Ok(queue)
}

fn work_off(works: &Mutex<Receiver<Work>>) {
    yield_to_others();
    loop {
        let next = works.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(work) => work(),
            Err(_) => return,
        }
    }
}

/// Lets every other thread go first; on Linux a priority is a thread's own.
fn yield_to_others() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, 10) {
        tracing::warn!(cause = %error, "passwords are hashed at the priority of everything else");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Condvar;

    use futures::StreamExt;
    use futures::stream::FuturesUnordered;

    use super::*;

    #[tokio::test]
    async fn whoever_comes_when_too_many_wait_is_told_when_to_come_again() {
        let door = Arc::new((Mutex::new(false), Condvar::new()));
        let more = WAITING + thread::available_parallelism().map_or(1, usize::from) + 1;
        let mut answers: FuturesUnordered<_> = (0..more)
            .map(|number| {
                let door = door.clone();
                run(move || {
                    let (open, opened) = &*door;
                    drop(opened.wait_while(open.lock().unwrap(), |open| !*open));
                    number
                })
            })
            .collect();
        let refused = match answers.next().await.unwrap() {
            Err(failure) => failure.told(),
            Ok(number) => panic!("{number} was done behind a closed door"),
        };
        assert_eq!((refused.code, refused.number), (ErrorCode::TooManyAttempts, Some(AGAIN)));
        *door.0.lock().unwrap() = true;
        door.1.notify_all();
        let rest: Vec<_> = answers.collect().await;
        let done = rest.iter().filter(|answer| answer.is_ok()).count();
        assert!(done >= WAITING, "{done}");
        assert!(run(|| true).await.unwrap());
    }
}
