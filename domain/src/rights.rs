//! Who may do what: the two tables of the design, in one place.
//!
//! Pages ask before they show a control, use cases ask before they act; both get the same answer.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, codes};
use crate::ids::AccountId;
use crate::policy::{AssignRoles, Policies};
use crate::role::{OperatorRole, Role, Roles};

codes! {
    /// What a person of an organization can do.
    Action {
        /// Open the benefits pages of the company.
        OpenBenefits = "open_benefits",
        /// Open the page of one's own benefits.
        ViewOwnBenefits = "view_own_benefits",
        /// Assign, remove and reassign seats, one's own included; decide requests for them.
        AssignUser = "assign_user",
        /// Get the company's keys and downloads. The key of one's own seat: [`may_get_key`].
        GetKeys = "get_keys",
        /// Record activations used of a multiple-activation key.
        RecordActivations = "record_activations",
        /// Activate a technical benefit.
        ActivateTechnical = "activate_technical",
        /// Add, update or change the marketing contact.
        ManageMarketingContact = "manage_marketing_contact",
        /// Activate a go-to-market benefit.
        ActivateGoToMarket = "activate_go_to_market",
        /// See Access ID and Contract ID of an active benefit.
        ViewSupportIds = "view_support_ids",
        /// Submit advisory-hours and support requests.
        RequestSupport = "request_support",
        /// Buy, renew, upgrade; see orders and invoices.
        Purchase = "purchase",
        /// Enrol the company: profile, agreement, primary contact (rule 19).
        Enrol = "enrol",
        /// Cancel a purchase or ask for its refund.
        CancelPurchase = "cancel_purchase",
        /// Set when the company is reminded of its benefits.
        SetReminders = "set_reminders",
        /// Add people.
        AddUser = "add_user",
        /// Set people's roles, within [`grantable`].
        SetRoles = "set_roles",
        /// Single sign-on, provisioning and tokens.
        ConfigureSignIn = "configure_sign_in",
        /// See the activity, within [`activity_scopes`].
        ViewActivity = "view_activity",
        /// Ask for a seat.
        RequestSeat = "request_seat",
        /// Ask to become a Global admin.
        RequestGlobalAdmin = "request_global_admin",
        /// Change one's own account.
        ChangeOwnAccount = "change_own_account",
    }
}

codes! {
    /// What an operator of the programme can do.
    OperatorAction {
        /// Work the queue; record hours and incidents.
        WorkQueue = "work_queue",
        /// Decide refunds.
        DecideRefunds = "decide_refunds",
        /// Add operators and set their roles.
        ManageOperators = "manage_operators",
        /// Change the programme's policies.
        ManagePolicies = "manage_policies",
        /// Draft the catalogue.
        DraftCatalogue = "draft_catalogue",
        /// Read the catalogue, its versions and drafts.
        ReadCatalogue = "read_catalogue",
        /// See the key pools: how many keys there are, no key.
        ReadKeyPools = "read_key_pools",
        /// Import product keys.
        ImportKeys = "import_keys",
        /// Withdraw a batch of keys.
        WithdrawKeys = "withdraw_keys",
        /// See what companies have instead of their plans, and why.
        ReadIndividualGrants = "read_individual_grants",
        /// Set, change and end it.
        SetIndividualGrants = "set_individual_grants",
        /// Publish the catalogue.
        PublishCatalogue = "publish_catalogue",
        /// Reveal a key, with a reason.
        RevealKeyAsOperator = "reveal_key_as_operator",
        /// Read everything but secrets.
        ReadEverything = "read_everything",
        /// Read the queue.
        ReadQueue = "read_queue",
        /// Read the mails that went out, and their states.
        ReadMail = "read_mail",
    }
}

codes! {
    /// A part of an organization's activity.
    ActivityScope {
        /// All of it.
        Everything = "everything",
        /// What happened to benefits.
        Benefits = "benefits",
        /// What happened to people.
        People = "people",
        /// What one did oneself, and what was done to one.
        Own = "own",
    }
}

const EVERYONE: &[Role] =
    &[Role::GlobalAdmin, Role::PartnerAdmin, Role::UserAdmin, Role::AdminAgent, Role::Employee];
const ADMINISTRATORS: &[Role] = &[Role::GlobalAdmin, Role::PartnerAdmin, Role::UserAdmin, Role::AdminAgent];
const BENEFIT_ADMINS: &[Role] = &[Role::GlobalAdmin, Role::PartnerAdmin];
const PEOPLE_ADMINS: &[Role] = &[Role::GlobalAdmin, Role::UserAdmin, Role::AdminAgent];
const GLOBAL_ADMIN: &[Role] = &[Role::GlobalAdmin];
/// What those who look after people can grant.
const GRANTABLE_BY_PEOPLE_ADMINS: &[Role] = &[Role::UserAdmin, Role::AdminAgent, Role::Employee];

/// The roles whose holders may do it, in the order of the table.
#[must_use]
pub fn roles_for(action: Action, policies: &Policies) -> Vec<Role> {
    match action {
        Action::OpenBenefits | Action::Purchase => ADMINISTRATORS,
        Action::AssignUser => match policies.assign_roles {
            AssignRoles::GlobalAdmin => GLOBAL_ADMIN,
            AssignRoles::PartnerAdmin => BENEFIT_ADMINS,
        },
        Action::GetKeys
        | Action::RecordActivations
        | Action::ActivateTechnical
        | Action::ManageMarketingContact
        | Action::ActivateGoToMarket
        | Action::CancelPurchase
        | Action::SetReminders => BENEFIT_ADMINS,
        Action::AddUser | Action::SetRoles => PEOPLE_ADMINS,
        Action::ConfigureSignIn | Action::Enrol => GLOBAL_ADMIN,
        Action::ViewOwnBenefits
        | Action::ViewSupportIds
        | Action::RequestSupport
        | Action::ViewActivity
        | Action::RequestSeat
        | Action::RequestGlobalAdmin
        | Action::ChangeOwnAccount => EVERYONE,
    }
    .to_vec()
}

/// Whether one of the roles allows it (rule 1: rights are the union).
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] with the roles that would be allowed (rule 6).
pub fn may(roles: &Roles, action: Action, policies: &Policies) -> Result<(), Error> {
    let needed = roles_for(action, policies);
    if needed.iter().any(|role| roles.has(*role)) {
        return Ok(());
    }
    Err(Error { roles: needed, ..Error::new(ErrorCode::RoleNeeded) })
}

/// Whether the person may get a key: whoever may get the company's keys, and the holder of the
/// seat that the key belongs to.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] as for [`Action::GetKeys`].
pub fn may_get_key(roles: &Roles, holds_seat: bool, policies: &Policies) -> Result<(), Error> {
    if holds_seat { Ok(()) } else { may(roles, Action::GetKeys, policies) }
}

/// The parts of the activity that the roles may see; only `Everything` where that is among them.
#[must_use]
pub fn activity_scopes(roles: &Roles) -> Vec<ActivityScope> {
    if roles.has(Role::GlobalAdmin) {
        return vec![ActivityScope::Everything];
    }
    let mut scopes = Vec::new();
    if roles.has(Role::PartnerAdmin) {
        scopes.push(ActivityScope::Benefits);
    }
    if roles.has(Role::UserAdmin) || roles.has(Role::AdminAgent) {
        scopes.push(ActivityScope::People);
    }
    if !roles.is_empty() {
        scopes.push(ActivityScope::Own);
    }
    scopes
}

/// The operators' roles whose holders may do it, in the order of the table.
#[must_use]
pub fn operator_roles_for(action: OperatorAction) -> Vec<OperatorRole> {
    use OperatorRole::{Auditor, CatalogueManager, FulfilmentAgent, ProgrammeAdmin};
    match action {
        OperatorAction::WorkQueue => vec![ProgrammeAdmin, FulfilmentAgent],
        OperatorAction::DecideRefunds
        | OperatorAction::ManageOperators
        | OperatorAction::ManagePolicies
        | OperatorAction::PublishCatalogue
        | OperatorAction::WithdrawKeys
        | OperatorAction::SetIndividualGrants
        | OperatorAction::RevealKeyAsOperator => vec![ProgrammeAdmin],
        OperatorAction::ReadKeyPools => vec![ProgrammeAdmin, CatalogueManager, Auditor],
        OperatorAction::DraftCatalogue | OperatorAction::ImportKeys => {
            vec![ProgrammeAdmin, CatalogueManager]
        }
        OperatorAction::ReadCatalogue | OperatorAction::ReadIndividualGrants => {
            vec![ProgrammeAdmin, CatalogueManager, Auditor]
        }
        OperatorAction::ReadEverything | OperatorAction::ReadMail => vec![ProgrammeAdmin, Auditor],
        OperatorAction::ReadQueue => vec![ProgrammeAdmin, FulfilmentAgent, Auditor],
    }
}

/// Whether one of the operator's roles allows it.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] with the operators' roles that would be allowed.
pub fn operator_may(roles: &[OperatorRole], action: OperatorAction) -> Result<(), Error> {
    let needed = operator_roles_for(action);
    if needed.iter().any(|role| roles.contains(role)) {
        return Ok(());
    }
    Err(Error { operator_roles: needed, ..Error::new(ErrorCode::RoleNeeded) })
}

/// The roles that somebody with these roles can grant and take away, in the order of the table.
#[must_use]
pub fn grantable(roles: &Roles) -> Vec<Role> {
    if roles.has(Role::GlobalAdmin) {
        EVERYONE.to_vec()
    } else if roles.has(Role::UserAdmin) || roles.has(Role::AdminAgent) {
        GRANTABLE_BY_PEOPLE_ADMINS.to_vec()
    } else {
        Vec::new()
    }
}

/// The roles whose holders can grant a role, in the order of the table.
#[must_use]
pub fn granters(role: Role) -> Vec<Role> {
    EVERYONE.iter().copied().filter(|holder| grantable(&Roles::new([*holder])).contains(&role)).collect()
}

/// What the portal has for people of a company, in the order in which **My access** lists it: every
/// action but those that belong to another one's page.
pub const AREAS: &[Action] = &[
    Action::ViewOwnBenefits,
    Action::RequestSeat,
    Action::ViewSupportIds,
    Action::RequestSupport,
    Action::OpenBenefits,
    Action::AssignUser,
    Action::GetKeys,
    Action::ActivateTechnical,
    Action::ManageMarketingContact,
    Action::ActivateGoToMarket,
    Action::Purchase,
    Action::CancelPurchase,
    Action::SetReminders,
    Action::AddUser,
    Action::SetRoles,
    Action::ConfigureSignIn,
    Action::ViewActivity,
];

/// Whether the actor can turn the roles before into the roles after (rule 3). Only the difference
/// counts: whoever can't grant a role can still leave it where it is.
///
/// # Errors
/// [`ErrorCode::RoleNotGrantable`], with the roles whose holders could make the change.
pub fn check_role_change(actor: &Roles, before: &Roles, after: &Roles) -> Result<(), Error> {
    let changed: Vec<Role> =
        EVERYONE.iter().copied().filter(|role| before.has(*role) != after.has(*role)).collect();
    let can = |roles: &Roles| {
        let grantable = grantable(roles);
        changed.iter().all(|role| grantable.contains(role))
    };
    if can(actor) {
        return Ok(());
    }
    let able = EVERYONE.iter().copied().filter(|role| can(&Roles::new([*role]))).collect();
    Err(Error { roles: able, ..Error::new(ErrorCode::RoleNotGrantable) })
}

/// Whether an active Global admin remains after the change of one person (rule 3).
///
/// `before` are the roles of that person, who is active before the change; `stays_active` is false
/// for a removal or a suspension. `other_active_global_admins` doesn't count the person.
///
/// # Errors
/// [`ErrorCode::LastGlobalAdmin`].
pub fn keeps_global_admin(
    other_active_global_admins: u64,
    before: &Roles,
    after: &Roles,
    stays_active: bool,
) -> Result<(), Error> {
    let loses = before.has(Role::GlobalAdmin) && !(stays_active && after.has(Role::GlobalAdmin));
    if loses && other_active_global_admins == 0 {
        return Err(ErrorCode::LastGlobalAdmin.into());
    }
    Ok(())
}

/// Whether a programme admin who can sign in remains after the change of one operator.
///
/// `before` are the roles of that operator, who can sign in before the change; `after` is empty for a
/// removal. `other_active_programme_admins` doesn't count the operator.
///
/// # Errors
/// [`ErrorCode::LastProgrammeAdmin`].
pub fn keeps_programme_admin(
    other_active_programme_admins: u64,
    before: &[OperatorRole],
    after: &[OperatorRole],
) -> Result<(), Error> {
    let has = |roles: &[OperatorRole]| roles.contains(&OperatorRole::ProgrammeAdmin);
    if has(before) && !has(after) && other_active_programme_admins == 0 {
        return Err(ErrorCode::LastProgrammeAdmin.into());
    }
    Ok(())
}

/// Whether somebody may take an operator's second factor off.
///
/// # Errors
/// [`ErrorCode::OwnSecondFactor`], because one's own is turned off with a code of it.
pub fn may_take_off(by: AccountId, operator: AccountId) -> Result<(), Error> {
    if by == operator { Err(ErrorCode::OwnSecondFactor.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of the first table: GA, PA, UA, AA, Employee; `p` means the policy decides.
    const TABLE: &[(Action, &str)] = &[
        (Action::OpenBenefits, "yyyy-"),
        (Action::ViewOwnBenefits, "yyyyy"),
        (Action::AssignUser, "yp---"),
        (Action::GetKeys, "yy---"),
        (Action::RecordActivations, "yy---"),
        (Action::ActivateTechnical, "yy---"),
        (Action::ManageMarketingContact, "yy---"),
        (Action::ActivateGoToMarket, "yy---"),
        (Action::ViewSupportIds, "yyyyy"),
        (Action::RequestSupport, "yyyyy"),
        (Action::Purchase, "yyyy-"),
        (Action::Enrol, "y----"),
        (Action::CancelPurchase, "yy---"),
        (Action::SetReminders, "yy---"),
        (Action::AddUser, "y-yy-"),
        (Action::SetRoles, "y-yy-"),
        (Action::ConfigureSignIn, "y----"),
        (Action::ViewActivity, "yyyyy"),
        (Action::RequestSeat, "yyyyy"),
        (Action::RequestGlobalAdmin, "yyyyy"),
        (Action::ChangeOwnAccount, "yyyyy"),
    ];

    /// The rows of the second table: programme admin, catalogue manager, fulfilment agent, auditor.
    const OPERATOR_TABLE: &[(OperatorAction, &str)] = &[
        (OperatorAction::WorkQueue, "y-y-"),
        (OperatorAction::DecideRefunds, "y---"),
        (OperatorAction::ManageOperators, "y---"),
        (OperatorAction::ManagePolicies, "y---"),
        (OperatorAction::DraftCatalogue, "yy--"),
        (OperatorAction::ReadCatalogue, "yy-y"),
        (OperatorAction::ReadKeyPools, "yy-y"),
        (OperatorAction::ImportKeys, "yy--"),
        (OperatorAction::WithdrawKeys, "y---"),
        (OperatorAction::ReadIndividualGrants, "yy-y"),
        (OperatorAction::SetIndividualGrants, "y---"),
        (OperatorAction::PublishCatalogue, "y---"),
        (OperatorAction::RevealKeyAsOperator, "y---"),
        (OperatorAction::ReadEverything, "y--y"),
        (OperatorAction::ReadQueue, "y-yy"),
        (OperatorAction::ReadMail, "y--y"),
    ];

    fn policies(assign_roles: AssignRoles) -> Policies {
        Policies { assign_roles, ..Policies::default() }
    }

    /// Every set of roles, the empty one included.
    fn role_sets() -> impl Iterator<Item = Roles> {
        (0_u8..32).map(|bits| {
            Roles::new(
                Role::ALL
                    .iter()
                    .enumerate()
                    .filter(move |(at, _)| bits & (1 << at) != 0)
                    .map(|(_, role)| *role),
            )
        })
    }

    #[test]
    fn rule_06_a_refusal_names_the_roles_that_may() {
        let policies = Policies::default();
        for action in Action::ALL {
            for role in Role::ALL {
                let Err(error) = may(&Roles::new([*role]), *action, &policies) else { continue };
                assert_eq!(error.code, ErrorCode::RoleNeeded);
                assert_eq!(error.roles, roles_for(*action, &policies), "{action:?}");
                assert!(!error.roles.is_empty() && !error.roles.contains(role), "{action:?} {role:?}");
            }
        }
    }

    #[test]
    fn rule_01_the_table_holds_for_every_set_of_roles() {
        assert_eq!(TABLE.len(), Action::ALL.len());
        for assign_roles in AssignRoles::ALL {
            let policies = policies(*assign_roles);
            for action in Action::ALL {
                let (_, row) = TABLE.iter().find(|(a, _)| a == action).expect("a row per action");
                let allowed: Vec<Role> = Role::ALL
                    .iter()
                    .zip(row.chars())
                    .filter(|(_, cell)| {
                        *cell == 'y' || (*cell == 'p' && *assign_roles == AssignRoles::PartnerAdmin)
                    })
                    .map(|(role, _)| *role)
                    .collect();
                for roles in role_sets() {
                    let result = may(&roles, *action, &policies);
                    if roles.iter().any(|role| allowed.contains(&role)) {
                        assert_eq!(result, Ok(()), "{action:?} {roles:?}");
                    } else {
                        let error = result.expect_err("refused");
                        assert_eq!(error.code, ErrorCode::RoleNeeded, "{action:?} {roles:?}");
                        assert_eq!(error.roles, allowed, "{action:?} {roles:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn rule_01_the_operators_table_holds_for_every_set_of_roles() {
        assert_eq!(OPERATOR_TABLE.len(), OperatorAction::ALL.len());
        for action in OperatorAction::ALL {
            let (_, row) = OPERATOR_TABLE.iter().find(|(a, _)| a == action).expect("a row per action");
            let allowed: Vec<OperatorRole> = OperatorRole::ALL
                .iter()
                .zip(row.chars())
                .filter(|(_, cell)| *cell == 'y')
                .map(|(role, _)| *role)
                .collect();
            for bits in 0_u8..16 {
                let roles: Vec<OperatorRole> = OperatorRole::ALL
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| bits & (1 << at) != 0)
                    .map(|(_, role)| *role)
                    .collect();
                let result = operator_may(&roles, *action);
                if roles.iter().any(|role| allowed.contains(role)) {
                    assert_eq!(result, Ok(()), "{action:?} {roles:?}");
                } else {
                    let error = result.expect_err("refused");
                    assert_eq!(error.code, ErrorCode::RoleNeeded, "{action:?} {roles:?}");
                    assert_eq!(error.operator_roles, allowed, "{action:?} {roles:?}");
                    assert!(error.roles.is_empty());
                }
            }
        }
    }

    #[test]
    fn rule_02_buying_needs_no_global_admin_but_assigning_does() {
        let policies = Policies::default();
        for role in [Role::PartnerAdmin, Role::UserAdmin, Role::AdminAgent] {
            let roles = Roles::new([role]);
            assert_eq!(may(&roles, Action::Purchase, &policies), Ok(()));
            let error = may(&roles, Action::AssignUser, &policies).expect_err("refused");
            assert_eq!(error.roles, [Role::GlobalAdmin]);
        }
    }

    #[test]
    fn rule_03_nobody_grants_a_role_beyond_the_table() {
        use Role::{AdminAgent, Employee, GlobalAdmin, PartnerAdmin, UserAdmin};
        for actor in role_sets() {
            let can: &[Role] = if actor.has(GlobalAdmin) {
                &[GlobalAdmin, PartnerAdmin, UserAdmin, AdminAgent, Employee]
            } else if actor.has(UserAdmin) || actor.has(AdminAgent) {
                &[UserAdmin, AdminAgent, Employee]
            } else {
                &[]
            };
            assert_eq!(grantable(&actor), can, "{actor:?}");
            for before in role_sets() {
                for after in role_sets() {
                    let allowed = Role::ALL
                        .iter()
                        .filter(|role| before.has(**role) != after.has(**role))
                        .all(|role| can.contains(role));
                    let result = check_role_change(&actor, &before, &after);
                    if allowed {
                        assert_eq!(result, Ok(()), "{actor:?}: {before:?} to {after:?}");
                    } else {
                        let error = result.expect_err("refused");
                        assert_eq!(error.code, ErrorCode::RoleNotGrantable);
                        assert!(error.roles.contains(&GlobalAdmin));
                        assert!(!error.roles.contains(&PartnerAdmin));
                    }
                }
            }
        }
    }

    #[test]
    fn rule_03_a_role_is_granted_by_whom_the_table_says() {
        use Role::{AdminAgent, Employee, GlobalAdmin, PartnerAdmin, UserAdmin};
        for role in [GlobalAdmin, PartnerAdmin] {
            assert_eq!(granters(role), [GlobalAdmin]);
        }
        for role in [UserAdmin, AdminAgent, Employee] {
            assert_eq!(granters(role), [GlobalAdmin, UserAdmin, AdminAgent]);
        }
    }

    #[test]
    fn my_access_lists_every_action_but_parts_of_others() {
        for action in Action::ALL {
            let part = matches!(
                action,
                Action::RecordActivations
                    | Action::RequestGlobalAdmin
                    | Action::ChangeOwnAccount
                    | Action::Enrol
            );
            assert_eq!(AREAS.contains(action), !part, "{action:?}");
        }
    }

    #[test]
    fn rule_03_the_refusal_names_who_could_make_the_change() {
        use Role::{AdminAgent, Employee, GlobalAdmin, PartnerAdmin, UserAdmin};
        let change = |added| {
            check_role_change(&Roles::new([PartnerAdmin]), &Roles::default(), &Roles::new([added]))
                .expect_err("refused")
                .roles
        };
        assert_eq!(change(Employee), [GlobalAdmin, UserAdmin, AdminAgent]);
        assert_eq!(change(PartnerAdmin), [GlobalAdmin]);
    }

    #[test]
    fn rule_03_the_last_global_admin_stays() {
        let admin = Roles::new([Role::GlobalAdmin, Role::Employee]);
        let employee = Roles::new([Role::Employee]);
        let last = Err(Error::new(ErrorCode::LastGlobalAdmin));
        // Demoted, removed or suspended, both.
        assert_eq!(keeps_global_admin(0, &admin, &employee, true), last);
        assert_eq!(keeps_global_admin(0, &admin, &admin, false), last);
        assert_eq!(keeps_global_admin(0, &admin, &employee, false), last);
        // Another remains.
        assert_eq!(keeps_global_admin(1, &admin, &employee, true), Ok(()));
        assert_eq!(keeps_global_admin(1, &admin, &admin, false), Ok(()));
        // Nothing is lost, or the person never was one.
        assert_eq!(keeps_global_admin(0, &admin, &admin, true), Ok(()));
        assert_eq!(keeps_global_admin(0, &employee, &employee, false), Ok(()));
        assert_eq!(keeps_global_admin(0, &employee, &admin, true), Ok(()));
    }

    #[test]
    fn rule_03_the_last_programme_admin_stays() {
        use OperatorRole::{Auditor, ProgrammeAdmin};
        let last = Err(Error::new(ErrorCode::LastProgrammeAdmin));
        assert_eq!(keeps_programme_admin(0, &[ProgrammeAdmin], &[Auditor]), last);
        assert_eq!(keeps_programme_admin(0, &[ProgrammeAdmin, Auditor], &[]), last);
        // Another remains, nothing is lost, or the operator never was one.
        assert_eq!(keeps_programme_admin(1, &[ProgrammeAdmin], &[]), Ok(()));
        assert_eq!(keeps_programme_admin(0, &[ProgrammeAdmin], &[ProgrammeAdmin, Auditor]), Ok(()));
        assert_eq!(keeps_programme_admin(0, &[Auditor], &[]), Ok(()));
    }

    #[test]
    fn nobody_takes_off_their_own_second_factor() {
        let [one, other] = [1, 2].map(|number| AccountId(uuid::Uuid::from_u128(number)));
        assert_eq!(may_take_off(one, other), Ok(()));
        assert_eq!(may_take_off(one, one), Err(Error::new(ErrorCode::OwnSecondFactor)));
    }

    #[test]
    fn holders_get_the_key_of_their_own_seat() {
        let employee = Roles::new([Role::Employee]);
        let policies = Policies::default();
        assert_eq!(may_get_key(&employee, true, &policies), Ok(()));
        let error = may_get_key(&employee, false, &policies).expect_err("refused");
        assert_eq!(error.roles, [Role::GlobalAdmin, Role::PartnerAdmin]);
        assert_eq!(may_get_key(&Roles::new([Role::PartnerAdmin]), false, &policies), Ok(()));
    }

    #[test]
    fn activity_is_seen_as_far_as_the_roles_reach() {
        use ActivityScope::{Benefits, Everything, Own, People};
        for (roles, scopes) in [
            (vec![Role::GlobalAdmin, Role::Employee], vec![Everything]),
            (vec![Role::PartnerAdmin], vec![Benefits, Own]),
            (vec![Role::UserAdmin], vec![People, Own]),
            (vec![Role::AdminAgent], vec![People, Own]),
            (vec![Role::PartnerAdmin, Role::UserAdmin], vec![Benefits, People, Own]),
            (vec![Role::Employee], vec![Own]),
            (vec![], vec![]),
        ] {
            assert_eq!(activity_scopes(&Roles::new(roles.clone())), scopes, "{roles:?}");
        }
    }
}
