//! The store's contract: one list of cases that holds on SQLite and on PostgreSQL alike.
//!
//! Every case gets a database of its own. On SQLite each case is a test; on PostgreSQL one test runs the whole list in one
//! server that it starts from Debian's package and stops again. `DINETONE_TEST_PG=off` leaves PostgreSQL out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]
#![expect(clippy::disallowed_methods, reason = "the tasks of a race are awaited where they are started")]

mod amends;
mod backup;
mod calls;
mod campaigns;
mod care;
mod cut_off;
mod dispatch;
mod floor;
mod house;
mod invoices;
mod kit;
mod kitchen;
mod leaving;
mod nodes;
mod opening;
mod orders;
mod people;
mod pop;
pub mod postgres;
mod printing;
mod quality;
mod races;
mod reports;
mod simulated;
pub mod texts;
mod tickets;
mod users;

use kit::{Database, run};

/// A test on SQLite for each case, and one on PostgreSQL for all of them.
macro_rules! contract {
    ($($file:ident :: $case:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[test]
                fn $case() {
                    super::run(super::$file::$case(super::Database::sqlite()));
                }
            )*
        }

        #[test]
        fn the_whole_contract_holds_on_postgres() {
            let Some(server) = postgres::Server::start() else { return };
            let mut failed: Vec<&str> = Vec::new();
            $(
                let database = Database::postgres(&server);
                let case = std::panic::AssertUnwindSafe(|| run($file::$case(database)));
                if std::panic::catch_unwind(case).is_err() {
                    failed.push(concat!(stringify!($file), "::", stringify!($case)));
                }
            )*
            let case = std::panic::AssertUnwindSafe(|| run(backup::a_house_moves_between_the_databases(Database::sqlite(), Database::postgres(&server), Database::sqlite())));
            if std::panic::catch_unwind(case).is_err() {
                failed.push("backup::a_house_moves_between_the_databases");
            }
            assert!(failed.is_empty(), "on PostgreSQL: {failed:?}");
        }
    };
}

contract![
    dispatch::c81_c82_an_unheard_order_goes_up_step_by_step_to_the_next_branch,
    dispatch::c82_nobody_can_take_it_headquarters_has_it_and_the_telephone_goes_on,
    dispatch::c82_a_server_that_may_not_telephone_tries_nothing_and_says_so_once,
    dispatch::c80_i6_a_pre_order_is_released_on_time_after_a_restart_and_once_by_two_nodes,
    dispatch::c80_a_late_order_and_a_silent_branch_are_tasks,
    dispatch::c88_an_order_that_will_be_late_is_foretold_once_and_taken_back,
    dispatch::c79_a_pause_ends_by_itself,
    kitchen::c76_every_step_is_an_event_and_a_card,
    kitchen::c81_a_refusal_opens_a_task_and_takes_the_dish_off_that_branch,
    kitchen::c86_a_granted_change_is_priced_anew_and_raises_the_version,
    kitchen::c85_points_follow_what_became_of_the_order,
    kitchen::c85_a_wrong_address_is_looked_at_before_it_is_used_again,
    kitchen::c76_of_forty_hands_on_one_order_each_change_has_one_author,
    kitchen::c81_a_task_is_taken_by_one_and_done_once,
    kitchen::c81_large_orders_and_the_same_again_are_looked_at,
    kitchen::i7_c78_nobody_can_promise_more_than_a_kitchen_can_do,
    kitchen::i7_c78_a_change_before_dispatch_is_held_against_the_kitchen,
    kitchen::i7_c77_an_address_in_no_zone_needs_a_name_that_lets_it_through,
    nodes::a_dead_nodes_work_is_taken_over_once_and_a_sleeper_finds_out,
    nodes::c82_a_branch_that_a_dead_node_was_calling_is_rung_at_once_by_another,
    opening::c108_a_newer_schema_is_refused_and_left_alone,
    opening::two_processes_that_start_at_once_both_work,
    opening::opening_twice_changes_nothing,
    opening::c108_to_look_at_a_store_makes_and_changes_nothing,
    people::c20_a_known_number_brings_its_customer_and_members,
    people::c20_a_number_of_several_customers_brings_their_members_and_nothing_personal,
    people::c24_the_third_wrong_pin_locks_until_the_next_shop_day,
    people::c24_the_points_ledger_spends_what_ends_first,
    people::c18_a_cart_is_kept_for_half_an_hour,
    people::c18_a_cart_that_is_being_filled_is_nobody_elses,
    people::c33_language_and_offers_heard_are_remembered,
    people::c89_the_block_list_has_levels_an_expiry_and_exceptions,
    people::the_demonstration_fills_an_empty_store_once,
    pop::c56_the_whole_card_of_a_known_caller,
    pop::c56_several_customers_on_one_number_are_chosen_from,
    pop::c39_the_last_agent_is_remembered_by_customer_and_else_by_number,
    pop::i12_an_owner_changes_only_with_a_reason_and_from_what_was_seen,
    floor::c64_a_call_tells_who_spoke_with_whom_and_how_it_was_summed_up,
    floor::c69_a_missed_caller_is_returned_by_one_person_and_leaves_when_they_call_again,
    floor::i8_a_call_back_is_dialled_by_one_at_a_time_and_done_once,
    floor::i11_c55_callers_whom_a_crash_threw_out_of_the_queue_are_called_back,
    floor::c61_an_order_taken_down_by_hand_is_checked_and_priced_like_any_other,
    floor::c63_drafts_are_kept_for_a_day_for_their_agent,
    floor::c58_customers_are_found_and_every_change_leaves_a_trace,
    floor::c68_a_block_names_who_did_it_and_is_undone,
    floor::c102_the_wall_counts_by_the_formulas_of_the_trade,
    orders::i6_a_confirmed_order_is_kept_as_it_was_sold,
    orders::i6_the_same_key_gives_the_same_order,
    orders::the_same_lines_within_ten_minutes_are_asked_about,
    orders::i7_what_does_not_hold_any_more_is_not_confirmed,
    orders::i7_another_sum_than_the_diner_heard_is_told_first,
    orders::c24_points_are_spent_with_the_order_and_come_back_with_a_cancel,
    orders::a_spoken_address_waits_for_a_person,
    orders::c76_an_order_moves_only_the_way_it_can,
    orders::c27_a_caller_hears_of_open_orders_and_finds_one_by_its_digits,
    orders::c21_the_last_order_is_offered_again,
    orders::messages_get_case_numbers,
    leaving::c84_a_rider_owes_what_was_delivered_and_hands_it_in,
    leaving::c85_a_link_opens_one_order_and_reports_in_its_riders_name,
    leaving::c85_d73_another_time_is_promised_by_whoever_reports_it,
    leaving::c85_d71_two_attempts_are_kept_the_food_is_held_and_its_end_is_headquarters,
    leaving::c85_d82_is_a_ticket_of_the_order_by_itself,
    amends::c85_what_followed_from_a_code_is_taken_back_with_it,
    amends::c85_a_slip_of_the_finger_marks_nobody_and_keeps_no_dish_off_the_menu,
    amends::c85_d83_another_dish_is_taken_in_the_same_order,
    amends::c85_d60_a_credit_is_taken_off_once_and_comes_back_with_the_order,
    amends::c85_d60_of_forty_orders_at_once_one_has_the_credit,
    amends::c85_d81_is_off_headquarters_list_when_the_branch_goes_on,
    amends::c87_d73_the_diner_reads_the_new_time_and_hears_it,
    leaving::c89_three_refusals_at_the_door_propose_and_a_correction_takes_them_back,
    leaving::c89_a_nuisance_call_proposes_its_number_once,
    leaving::c68_what_an_agent_blocks_holds_until_a_supervisor_says_otherwise,
    leaving::c89_every_degree_is_kept_the_strictest_holds_and_the_white_list_wins,
    leaving::c28_a_link_to_a_map_is_made_once_a_day_and_again_when_it_failed,
    leaving::c87_customers_are_told_once_signed_and_again_when_it_failed,
    texts::c87_text_messages_go_by_smpp_in_parts_and_their_receipts_come_back,
    texts::c87_a_part_that_the_centre_has_is_not_sent_again_after_a_crash,
    printing::c83_an_accepted_order_comes_out_once_in_right_chinese,
    printing::c86_changes_reprints_and_cancellations_say_what_they_are,
    printing::c83_without_paper_nothing_is_lost_and_headquarters_is_told,
    printing::c83_a_stale_slip_is_asked_about_and_printed_only_when_somebody_says_so,
    printing::c83_a_printer_that_does_not_say_that_it_is_done_makes_no_second_dinner,
    races::forty_orders_at_once_get_forty_numbers,
    races::i6_one_key_twenty_times_at_once_is_one_order,
    races::i7_points_are_not_spent_twice,
    races::of_forty_moves_at_once_one_wins,
    races::c24_many_guesses_at_once_are_three,
    care::c97_a_first_order_is_asked_about_once_and_not_when_they_have_ordered_again,
    care::c97_nobody_is_disturbed_who_wants_it_not_or_at_night,
    care::c97_birthdays_come_once_a_year_and_messages_go_the_usual_way,
    campaigns::c99_the_list_says_who_is_left_out_and_why_and_a_yes_holds_for_what_was_seen,
    campaigns::c99_two_nodes_call_everybody_once_within_pace_and_hours,
    campaigns::c99_a_node_that_dies_in_a_call_is_not_made_up_for,
    campaigns::c99_whoever_refuses_meanwhile_is_not_called_and_two_campaigns_share_the_cap,
    campaigns::c99_messages_go_the_usual_way_within_the_hours_and_evidence_is_forgotten,
    cut_off::c107_who_is_cut_off_by_a_crash_is_called_back_once_or_by_a_person,
    cut_off::c107_nobody_is_called_who_has_rung_again_or_is_on_the_line,
    cut_off::c107_a_stop_in_order_owes_the_same_and_a_long_night_calls_nobody_by_surprise,
    cut_off::c107_another_node_dials_whom_a_stop_in_order_cut_off,
    invoices::c91_an_invoice_is_kept_with_its_order_and_given_out_once,
    invoices::c91_a_customers_titles_are_offered_again,
    calls::a_call_keeps_its_path_and_how_it_ended,
    calls::calls_left_open_are_closed_with_their_true_start,
    calls::thousands_of_short_calls_in_one_batch,
    calls::c103_a_list_of_calls_goes_on_behind_the_last_one_that_is_known,
    house::the_file_is_taken_in_once_and_again_only_where_it_changed,
    house::c79_sold_out_raises_the_version,
    house::c105_many_changes_are_made_whole_or_not_at_all_and_each_can_be_taken_back,
    house::c32_uploaded_recordings_keep_their_versions_and_are_in_the_backup,
    house::c105_what_people_write_of_queues_and_trunks_is_kept_with_its_history,
    house::c105_passwords_of_trunks_are_sealed_with_their_history_and_in_backups,
    house::c105_members_come_in_by_table_and_keep_what_is_known_of_them,
    backup::c108_a_backup_gives_the_same_house_back,
    backup::c108_a_backup_of_an_older_program_is_brought_up_to_date,
    backup::c108_a_damaged_backup_changes_nothing,
    reports::c67_adherence_is_time_at_work_within_the_plan,
    reports::c102_known_calls_give_known_figures_added_up_or_not,
    reports::c102_a_late_change_is_told_at_once,
    reports::c102_a_second_ticket_about_an_order_is_a_second_contact,
    reports::c102_half_of_the_orders_are_accepted_within_the_median,
    quality::c101_a_branch_that_brings_late_is_warned_of_once_until_it_has_passed,
    quality::c101_callers_who_give_up_are_a_warning_of_their_queue,
    quality::c101_words_of_food_safety_are_never_overlooked_and_told_once,
    reports::c102_orders_by_branch_hour_channel_and_dish,
    reports::c103_the_same_weekdays_before_say_how_many_are_needed,
    simulated::c104_reports_say_what_the_simulated_day_did,
    tickets::c29_a_message_becomes_a_ticket_with_caller_order_and_branch,
    tickets::c100_a_ticket_is_owned_escalated_and_closed_with_an_outcome,
    users::people_are_kept_as_they_were_made_and_names_are_theirs_alone,
    users::a_password_opens_for_its_owner_only_and_never_for_the_disabled,
    users::sessions_end_by_idleness_by_age_and_with_the_account,
    users::a_desk_phones_password_is_kept_as_its_proof,
    users::the_first_start_makes_one_administrator_and_the_demonstration_its_people,
    users::the_audit_journal_is_in_order_and_answers_are_kept_under_their_key,
];
