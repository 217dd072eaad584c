//! The second factor: set up, asked for, turned off. Rules and numbers stand in
//! `domain::second_factor`.
//!
//! The secret is sealed in `second_factor.secret` for the place that [`place`] names; recovery codes are
//! kept as hashes.

use domain::error::Faults;
use domain::ids::AccountId;
use domain::moment::Zone;
use domain::second_factor::{Code, Failures, RECOVERY_CODES, SETUP_MINUTES, base32, in_groups, key_uri};
use domain::view::form::Square;
use domain::view::security::SecondFactor;
use domain::{AuditAction, Error, ErrorCode, Field, Moment};
use qrcode::{Color, QrCode};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Set};
use totp_rs::Totp;

use super::{Own, chain, stamp};
use crate::audit::Event;
use crate::change::Change;
use crate::directories::settings::keeps_break_glass;
use crate::entity::recovery_code;
use crate::live::Changed;
use crate::request::Request;
use crate::vault::hash_token;
use crate::{Failure, Outcome, Service, sessions, sql};

/// Bytes of a secret: as many as HMAC-SHA-1 gives (RFC 4226, 4).
const SECRET_BYTES: usize = 20;
/// Bytes of a recovery code.
const CODE_BYTES: usize = 15;
/// What stands above the code in an app.
const ISSUER: &str = "Benefits Center";

/// What an authenticator app needs; shown once.
pub struct Begun {
    /// The secret in base32.
    pub secret: String,
    /// The same and whose it is, as a QR code.
    pub square: Square,
}

#[derive(FromQueryResult)]
struct Row {
    secret: Vec<u8>,
    begun_at: i64,
    confirmed_at: Option<i64>,
    last_step: i64,
    failures: i64,
    locked_until: Option<i64>,
}

impl Row {
    fn is_on(&self) -> bool {
        self.confirmed_at.is_some()
    }

    /// Whether the secret waits for its first code.
    fn is_begun(&self, now: Moment) -> bool {
        !self.is_on() && now.0 - self.begun_at < SETUP_MINUTES * 60_000
    }
}

/// The row of an account; `locked` until the transaction ends, so that codes are tried one by one.
async fn find(
    service: &Service,
    connection: &impl ConnectionTrait,
    account: AccountId,
    locked: bool,
) -> Outcome<Option<Row>> {
    let lock = if locked && service.database.is_postgres() { " for update" } else { "" };
    let text = format!(
        "select secret, begun_at, confirmed_at, last_step, failures, locked_until
        from second_factor where account_id = $1{lock}"
    );
    Ok(sql::one::<Row>(connection, &text, [account.0.into()]).await?)
}

/// What is known of an account's second factor.
pub(super) async fn state(service: &Service, account: AccountId, zone: &Zone) -> Outcome<SecondFactor> {
    let reader = service.database.reader();
    Ok(match find(service, reader, account, false).await? {
        Some(Row { confirmed_at: Some(since), .. }) => {
            let text =
                "select count(*) as number from recovery_code where account_id = $1 and used_at is null";
            let codes_left = sql::number(reader, text, [account.0.into()]).await?;
            SecondFactor::On { since: stamp(zone, since), codes_left }
        }
        Some(row) if row.is_begun(service.now()) => SecondFactor::Begun,
        _ => SecondFactor::Off,
    })
}

/// Begins to set up: a new secret, which counts once a code of it comes. One that was begun before is
/// forgotten.
///
/// # Errors
/// [`ErrorCode::Invalid`] for a wrong password; [`ErrorCode::WrongState`] where there is a second factor
/// already; [`ErrorCode::TooManyAttempts`].
pub async fn begin(service: &Service, request: &Request, password: &str) -> Outcome<Begun> {
    let account = request.account()?;
    let own = Own::find(service.database.reader(), account).await?;
    check_password(service, request, &own, password).await?;
    let mut bytes = [0; SECRET_BYTES];
    service.random.fill(&mut bytes);
    let secret = base32(&bytes);
    let sealed = service.vault.seal(&*service.random, &place(account), &secret)?;
    let mut change = Change::begin_unasked(service, request).await?;
    let text = "insert into second_factor (account_id, secret, begun_at) values ($1, $2, $3)
        on conflict (account_id) do update
            set secret = excluded.secret, begun_at = excluded.begun_at, last_step = 0, failures = 0,
                locked_until = null
            where second_factor.confirmed_at is null";
    let values = [account.0.into(), sealed.into(), change.now.0.into()];
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Err(ErrorCode::WrongState.into());
    }
    change.record(Event::new(chain(request), AuditAction::SecondFactorBegun, "account", account));
    change.commit(()).await?;
    let square = square(&key_uri(ISSUER, &own.email, &secret))?;
    Ok(Begun { secret, square })
}

/// Turns it on with the first code of the new secret, and gives the recovery codes in groups. All other
/// sessions of the account end: they were begun without it.
///
/// # Errors
/// [`ErrorCode::WrongState`] where nothing was begun, or too long ago; [`ErrorCode::Invalid`] for a wrong
/// code; [`ErrorCode::TooManyAttempts`].
pub async fn confirm(
    service: &Service,
    request: &Request,
    code: &str,
    session_token: &str,
) -> Outcome<Vec<String>> {
    let account = request.account()?;
    let now = service.now();
    let begun = find(service, service.database.reader(), account, false).await?;
    if !begun.is_some_and(|row| row.is_begun(now)) {
        return Err(ErrorCode::WrongState.into());
    }
    let code = Code::parse(Field::Code, code)?;
    let change = Change::begin_unasked(service, request).await?;
    let row = find(service, &change.transaction, account, true).await?;
    let Some(row) = row.filter(|row| row.is_begun(now)) else { return Err(ErrorCode::WrongState.into()) };
    let mut change = require(change, chain(request), account, &row, &code).await?;
    let text = "update second_factor set confirmed_at = $2 where account_id = $1";
    sql::run(&change.transaction, text, [account.0.into(), now.0.into()]).await?;
    let codes = draw(&change, account).await?;
    let others = [account.0.into(), hash_token(session_token).into()];
    sessions::end_some(&mut change, "account_id = $1 and token_hash <> $2", others).await?;
    let own = Own::find(&change.transaction, account).await?;
    change.post(own.letter(account, "second_factor_on"));
    change.record(Event::new(chain(request), AuditAction::SecondFactorOn, "account", account));
    change.commit(()).await?;
    Ok(codes)
}

/// Makes all recovery codes anew and gives them in groups; those before end.
///
/// # Errors
/// [`ErrorCode::Invalid`] for a wrong password; [`ErrorCode::WrongState`] without a second factor;
/// [`ErrorCode::TooManyAttempts`].
pub async fn renew_codes(service: &Service, request: &Request, password: &str) -> Outcome<Vec<String>> {
    let account = request.account()?;
    let own = Own::find(service.database.reader(), account).await?;
    check_password(service, request, &own, password).await?;
    let mut change = Change::begin_unasked(service, request).await?;
    let row = find(service, &change.transaction, account, true).await?;
    if !row.is_some_and(|row| row.is_on()) {
        return Err(ErrorCode::WrongState.into());
    }
    let codes = draw(&change, account).await?;
    change.record(Event::new(chain(request), AuditAction::RecoveryCodesRenewed, "account", account));
    change.commit(()).await?;
    Ok(codes)
}

/// Turns it off, with the password and a code or a recovery code.
///
/// # Errors
/// [`ErrorCode::Invalid`] for a wrong password or code; [`ErrorCode::WrongState`] without a second factor;
/// [`ErrorCode::TooManyAttempts`]; [`ErrorCode::BreakGlassNeeded`].
pub async fn turn_off(service: &Service, request: &Request, password: &str, code: &str) -> Outcome<()> {
    let account = request.account()?;
    let own = Own::find(service.database.reader(), account).await?;
    let mut faults = Faults::default();
    if !own.has_password(service, request, password).await? {
        faults.add(Field::CurrentPassword, ErrorCode::PasswordWrong);
    }
    let code = faults.take(Code::parse(Field::Code, code));
    faults.check()?;
    let Some(code) = code else { return Err(ErrorCode::Invalid.into()) };
    let change = Change::begin_unasked(service, request).await?;
    let row = find(service, &change.transaction, account, true).await?;
    let Some(row) = row.filter(Row::is_on) else { return Err(ErrorCode::WrongState.into()) };
    let mut change = require(change, chain(request), account, &row, &code).await?;
    keeps_break_glass(&change, account).await?;
    for text in [
        "delete from second_factor where account_id = $1",
        "delete from recovery_code where account_id = $1",
        "delete from sign_in_step where account_id = $1",
    ] {
        sql::run(&change.transaction, text, [account.0.into()]).await?;
    }
    change.post(own.letter(account, "second_factor_off"));
    change.record(Event::new(chain(request), AuditAction::SecondFactorOff, "account", account));
    // Where a directory is asked for, a session without a second factor may lead nowhere.
    change.tell(Changed::SignedOut(account));
    change.commit(()).await
}

/// Asks for the code at sign-in; gives the change back in which it was right. A wrong one is kept though
/// nothing else is.
///
/// # Errors
/// As [`require`]; [`ErrorCode::SecondFactorEnded`] where it was turned off meanwhile.
pub(super) async fn ask<'a>(
    change: Change<'a>,
    organization: domain::ids::OrganizationId,
    account: AccountId,
    code: &Code,
) -> Outcome<Change<'a>> {
    let row = find(change.service(), &change.transaction, account, true).await?;
    let Some(row) = row.filter(Row::is_on) else { return Err(ErrorCode::SecondFactorEnded.into()) };
    require(change, organization, account, &row, code).await
}

/// Tries a code against the row that this transaction has locked.
///
/// # Errors
/// [`ErrorCode::Invalid`] with the field for a wrong code, which is counted; [`ErrorCode::TooManyAttempts`]
/// with the seconds to wait after too many, for the right one, too.
async fn require<'a>(
    mut change: Change<'a>,
    organization: domain::ids::OrganizationId,
    account: AccountId,
    row: &Row,
    code: &Code,
) -> Outcome<Change<'a>> {
    let now = change.now;
    let failures = Failures { count: row.failures, locked_until: row.locked_until.map(Moment) };
    if let Some(seconds) = failures.wait(now) {
        return Err(Error::new(ErrorCode::TooManyAttempts).with_number(seconds).into());
    }
    let text =
        "update second_factor set last_step = $2, failures = $3, locked_until = $4 where account_id = $1";
    let fits = match code {
        Code::App(digits) => fitting_step(change.service(), account, row, digits, now)?,
        Code::Recovery(typed) => use_recovery(&change, account, typed).await?.then_some(row.last_step),
    };
    let Some(step) = fits else {
        let failures = failures.and_another(now);
        let until = failures.locked_until.map(|until| until.0);
        let values = [account.0.into(), row.last_step.into(), failures.count.into(), until.into()];
        sql::run(&change.transaction, text, values).await?;
        change.record(Event::new(organization, AuditAction::SecondFactorFailed, "account", account));
        change.commit(()).await?;
        return Err(Error::field(Field::Code, ErrorCode::CodeWrong).into());
    };
    let values = [account.0.into(), step.into(), 0_i64.into(), None::<i64>.into()];
    sql::run(&change.transaction, text, values).await?;
    if matches!(code, Code::Recovery(_)) {
        let own = Own::find(&change.transaction, account).await?;
        change.post(own.letter(account, "recovery_code_used"));
        change.record(Event::new(organization, AuditAction::RecoveryCodeUsed, "account", account));
    }
    Ok(change)
}

/// The step whose code was typed: the present one or one beside it, for clocks that differ, and later
/// than any that was used before.
fn fitting_step(
    service: &Service,
    account: AccountId,
    row: &Row,
    digits: &str,
    now: Moment,
) -> Outcome<Option<i64>> {
    let secret = service.vault.open(&place(account), &row.secret)?;
    let totp = totp(&secret).ok_or_else(|| Failure::broken("second_factor", "secret", account))?;
    let seconds = u64::try_from(now.0.div_euclid(1000)).unwrap_or_default();
    let step = totp.check(digits, seconds).and_then(|step| i64::try_from(step).ok());
    Ok(step.filter(|step| *step > row.last_step))
}

/// The generator of a secret in base32: six digits, a step of 30 seconds, one step of skew.
fn totp(secret: &str) -> Option<Totp> {
    let secret = totp_rs::Secret::try_from_base32(secret).ok()?;
    totp_rs::Builder::new().with_secret(secret).build().ok()
}

async fn use_recovery(change: &Change<'_>, account: AccountId, typed: &str) -> Outcome<bool> {
    let text = "update recovery_code set used_at = $3
        where code_hash = $1 and account_id = $2 and used_at is null";
    let values = [hash_token(typed).into(), account.0.into(), change.now.0.into()];
    Ok(sql::run(&change.transaction, text, values).await? > 0)
}

/// Draws recovery codes in place of those before, and gives them in groups.
async fn draw(change: &Change<'_>, account: AccountId) -> Outcome<Vec<String>> {
    let text = "delete from recovery_code where account_id = $1";
    sql::run(&change.transaction, text, [account.0.into()]).await?;
    let codes: Vec<String> = (0..RECOVERY_CODES)
        .map(|_| {
            let mut bytes = [0; CODE_BYTES];
            change.service().random.fill(&mut bytes);
            base32(&bytes)
        })
        .collect();
    let rows = codes.iter().map(|code| recovery_code::ActiveModel {
        code_hash: Set(hash_token(code)),
        account_id: Set(account.0),
        created_at: Set(change.now.0),
        used_at: Set(None),
    });
    recovery_code::Entity::insert_many(rows).exec_without_returning(&change.transaction).await?;
    Ok(codes.iter().map(|code| in_groups(code, '-')).collect())
}

async fn check_password(service: &Service, request: &Request, own: &Own, typed: &str) -> Outcome<()> {
    if own.has_password(service, request, typed).await? {
        return Ok(());
    }
    Err(Error::field(Field::CurrentPassword, ErrorCode::PasswordWrong).into())
}

/// Where the secret of an account stands, for the vault.
#[must_use]
pub fn place(account: AccountId) -> String {
    format!("second_factor/{account}")
}

/// A text as a QR code: each dark run of a row is a piece of the path.
fn square(text: &str) -> Outcome<Square> {
    let code = QrCode::new(text).map_err(|error| Failure::broken("second_factor", "square", error))?;
    let side = code.width();
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(side).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, other| one == other) {
            let length = run.len();
            if run.first() == Some(&Color::Dark) {
                path.push_str(&format!("M{x} {y}h{length}v1h-{length}z"));
            }
            x += length;
        }
    }
    Ok(Square { side, path })
}

#[cfg(test)]
mod tests {
    use super::{square, totp};

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B has eight digits; these are their last six.
        let secret = domain::second_factor::base32(b"12345678901234567890");
        let totp = totp(&secret).expect("a generator");
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(totp.generate(seconds).to_string(), code, "{seconds}");
            // One step of skew, and no more.
            for (at, fits) in [(0, true), (30, true), (-30, true), (60, false), (-60, false)] {
                let now = seconds.saturating_add_signed(at);
                if now / 30 != seconds / 30 && at == 0 || seconds == 59 && at < 0 {
                    continue;
                }
                assert_eq!(totp.check(code, now).is_some(), fits, "{seconds} {at}");
            }
        }
    }

    #[test]
    fn a_square_covers_as_much_as_its_code() {
        let square = square("otpauth://totp/x:y?secret=MZXW6").expect("a square");
        let code = qrcode::QrCode::new("otpauth://totp/x:y?secret=MZXW6").expect("a code");
        let dark = code.to_colors().iter().filter(|color| **color == qrcode::Color::Dark).count();
        let drawn: usize = square
            .path
            .split('M')
            .skip(1)
            .map(|piece| {
                let (_, rest) = piece.split_once('h').expect("a run");
                let (length, _) = rest.split_once('v').expect("its end");
                length.parse::<usize>().expect("a length")
            })
            .sum();
        assert_eq!((square.side, drawn), (code.width(), dark));
        assert!(square.path.starts_with("M0 0h7v1h-7z"), "{}", square.path);
    }
}
