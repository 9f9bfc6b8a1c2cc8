//! A fit as a scenario file: every number with its evidence, in the language's
//! own forms.

use super::Fit;
use super::adoption::{AT_ONCE, Adoption, ORDER_BANDS, PlanState, Stage};
use super::arrivals::{Arrivals, ENTRY_AGES, Rate, can_enter, seasons};
use super::exits::{AGES, Cause, TIMES};
use super::level::{ADMISSIONS, Ahead};
use super::moves::Change;
use super::pooled::{Gamma, LEVEL_SD, PRIOR_EVENTS};
use super::reentry::{Pending, Reentry};
use super::times::MeanTime;
use crate::config::names::MOST_CLOCKS;
use crate::ssda903::codes::{ExitKind, LegalKind, PlacementKind};
use crate::units::month_end;
use std::fmt::Write;

/// Stream of most children.
pub const GENERAL: &str = "general";
/// Stream of unaccompanied asylum seekers.
pub const ASYLUM: &str = "unaccompanied asylum seekers";
/// Legal status of children whose plan for adoption is over: no other is made,
/// since a child has one plan.
pub const AFTER_PLAN: &str = "care order after a plan for adoption";
/// Stream of children who had left before the start and come back.
pub const RETURNING: &str = "children who left before the start";

/// Most changes of legal status that are written, each a clock of a child.
const MOST_STATUS_CHANGES: usize = 8;

/// Sibling groups of an admission where the return does not tell them
/// (judgement: England's sibling groups in care, mean 1.4).
pub const DEFAULT_SIBLINGS: [f64; 5] = [0.73, 0.18, 0.06, 0.02, 0.01];

/// Children in a family, on average, where the return does not tell.
pub const DEFAULT_FAMILY: f64 = 1.40;

/// Fewest expected returns in the first year that are worth a stream.
const FEWEST_RETURNS: f64 = 0.05;

impl Fit {
    /// Moves that are written, and those that the limit of clocks leaves out.
    pub fn moves_written(&self) -> (&[Change<PlacementKind>], &[Change<PlacementKind>]) {
        // Placement orders by band, and the next step once one is made.
        let of_adoption = self.adoption.as_ref().map_or(0, |_| ORDER_BANDS.len() + 2);
        let others = self.exits.causes.len() + self.status_changes_written().0.len();
        let room = MOST_CLOCKS - others - of_adoption;
        self.moves.split_at(room.min(self.moves.len()))
    }

    /// Changes of legal status that are written, and those left out.
    pub fn status_changes_written(&self) -> (&[Change<LegalKind>], &[Change<LegalKind>]) {
        let room = MOST_STATUS_CHANGES.min(self.status_changes.len());
        self.status_changes.split_at(room)
    }

    /// Returns to come of children who left before the date of the fit.
    pub fn pending(&self) -> Pending {
        let mut sum = Pending::default();
        for reentry in &self.reentries {
            for (total, one) in sum.by_year.iter_mut().zip(reentry.pending.by_year) {
                *total += one;
            }
            for (total, one) in sum.by_age.iter_mut().zip(reentry.pending.by_age) {
                *total += one;
            }
        }
        sum
    }
}

/// The scenario file.
pub fn text(fit: &Fit) -> String {
    let mut file = Writer {
        fit,
        text: String::new(),
        source: format!(
            "SSDA903 return, {} to {}",
            fit.since.format("%-d %B %Y"),
            fit.as_at.format("%-d %B %Y")
        ),
    };
    file.forecast();
    file.history();
    file.placements();
    file.streams();
    file.drifts();
    file.exits();
    file.reentries();
    file.status_changes();
    if let Some(adoption) = &fit.adoption {
        file.adoption(adoption);
    }
    file.text
}

struct Writer<'a> {
    fit: &'a Fit,
    text: String,
    source: String,
}

impl Writer<'_> {
    fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref());
        self.text.push('\n');
    }

    fn source(&mut self, more: &str) {
        let source = quote(&format!("{}{more}", self.source));
        self.line(format!("source = {source}\n"));
    }

    fn forecast(&mut self) {
        let fit = self.fit;
        let end = month_end(fit.as_at + chrono::Months::new(36));
        self.line("# Written by `lacsim calibrate` from an SSDA903 return. Every number says what it\n# rests on; change what you know better. Counts of children in this file and the\n# cohort file beside it are small: keep both as safe as the return.\n#\n# { events, years } and { successes, trials } hold what was counted and what the\n# prior is worth, so they may be fractions. Prices are not in a return: see\n# [[placement]].\n");
        self.line("[forecast]");
        self.line(format!("name = {}", quote(&fit.name)));
        self.line(format!("start = {}", fit.as_at));
        self.line(format!("end = {end}"));
        self.line("replicates = 2_000\nseed = 1");
        self.source("");
        self.line("[cohort]");
        self.line(format!("file = {}", quote(&fit.cohort_file)));
        self.source(&format!(
            ": {} children in care on the start date",
            fit.cohort.children.len()
        ));
        let mut names: Vec<String> = LegalKind::ALL
            .iter()
            .map(|kind| quote(kind.words()))
            .collect();
        names.extend(fit.adoption.as_ref().map(|_| quote(AFTER_PLAN)));
        self.line(format!("[legal_status]\nnames = [{}]\n", names.join(", ")));
    }

    fn history(&mut self) {
        for row in &self.fit.history {
            self.line("[[history]]");
            self.line(format!("date = {}", row.date));
            self.line(format!("population = {}", row.population));
            if let (Some(admissions), Some(exits)) = (row.admissions, row.exits) {
                self.line(format!("admissions = {admissions}\nexits = {exits}"));
            }
            self.source("");
        }
    }

    fn placements(&mut self) {
        let (moves, left_out) = self.fit.moves_written();
        self.line("# Prices: none are in a return. These are wide defaults, not your council's.");
        if !left_out.is_empty() {
            let events: f64 = left_out.iter().map(|one| one.events).sum();
            self.line(format!(
                "# Moves: a child can have so many clocks; {} kinds of move with {events} moves in\n# all are left out, the rarest.",
                left_out.len()
            ));
        }
        for &kind in PlacementKind::ALL {
            self.line("[[placement]]");
            self.line(format!("name = {}", quote(kind.words())));
            let [low, mode, high] = weekly_pounds(kind);
            self.line(format!(
                "weekly_pounds = {{ low = {low}, mode = {mode}, high = {high} }}"
            ));
            let from_here: Vec<String> = moves
                .iter()
                .filter(|one| one.from == kind)
                .map(|one| {
                    format!(
                        "  {{ to = {}{}, per_year = {} }},",
                        quote(one.to.words()),
                        if one.is_of_oldest {
                            ", age = \"16-17\""
                        } else {
                            ""
                        },
                        change_rate(one.events, one.years)
                    )
                })
                .collect();
            if !from_here.is_empty() {
                self.line(format!("move = [\n{}\n]", from_here.join("\n")));
            }
            self.line(format!(
                "source = {}\n",
                quote(&format!(
                    "Moves: {}. Price: judgement, a wide range about published averages (DfE 2016: children's home about £3,000 a week, fostering about £600; NAO 2025: children's home £318,400 a year)",
                    self.source
                ))
            ));
        }
    }

    fn streams(&mut self) {
        let fit = self.fit;
        self.stream(GENERAL, &fit.general, fit.tells_siblings);
        if fit.has_asylum_stream() {
            self.stream(ASYLUM, &fit.asylum, true);
        }
        self.returning();
    }

    fn stream(&mut self, name: &str, arrivals: &Arrivals, tells_siblings: bool) {
        let is_general = name == GENERAL;
        // Children who come singly count as families of the default size.
        let size = if tells_siblings { 1.0 } else { DEFAULT_FAMILY };
        self.line("[[referrals]]");
        self.line(format!("name = {}", quote(name)));
        let families: Vec<String> = arrivals
            .families_by_year
            .iter()
            .map(|(families, years)| {
                if (years - 1.0).abs() < 0.01 {
                    number(*families)
                } else {
                    format!("{} in {} years", number(*families), number(*years))
                }
            })
            .collect();
        let what = if tells_siblings {
            "families"
        } else {
            "children"
        };
        self.line(format!(
            "# {what} who came, year by year: {}",
            families.join(", ")
        ));
        match arrivals.rate {
            Rate::Drifting(ahead) => {
                let shape = ahead.events.unwrap_or(0.0) + 0.5;
                self.line(format!(
                    "# {} a year are expected in the years ahead; drift holds the rest of the doubt",
                    number(ahead.mean / size)
                ));
                self.line(format!(
                    "families_per_year = {}",
                    gamma(Gamma {
                        shape,
                        years: shape * size / ahead.mean
                    })
                ));
                let drift = if is_general { "admissions" } else { ASYLUM };
                self.line(format!("drift = {}", quote(drift)));
            }
            Rate::Plain(rate) => {
                self.line(format!(
                    "families_per_year = {}",
                    gamma(Gamma {
                        shape: rate.shape,
                        years: rate.years * size
                    })
                ));
                self.line("drift = \"admissions\"");
            }
        }
        if is_general {
            self.siblings(arrivals, tells_siblings);
            match seasons(arrivals) {
                Some(factors) => {
                    let factors: Vec<String> =
                        factors.iter().map(|factor| number(*factor)).collect();
                    self.line("# months differ by more than chance makes them (one in a hundred)");
                    self.line(format!("month_factors = [{}]", factors.join(", ")));
                }
                None => self.line("# no seasons: months differ by no more than chance makes them"),
            }
        }
        let ages = AGES.iter().zip(arrivals.ages);
        self.line(format!(
            "age = {}",
            counts(ages.map(|((name, _), count)| (*name, count)))
        ));
        self.legal_status(arrivals, is_general);
        self.line("placement_by_age = {");
        for (row, (name, ages)) in ENTRY_AGES.iter().enumerate() {
            let found = &arrivals.placements[row];
            let kinds = PlacementKind::ALL.iter().zip(found);
            let listed = kinds.filter(|(kind, count)| **count > 0.0 || can_enter(**kind, ages.end));
            let counted = counts(listed.map(|(kind, count)| (kind.words(), *count)));
            self.line(format!("  \"{name}\" = {counted},"));
        }
        self.line("}");
        self.source(&format!(
            ": {} children. Shares: counts, with half a child more for each (Jeffreys). Rate: the years ahead, given how the years seen wandered and how England's councils' do",
            arrivals.children
        ));
    }

    fn siblings(&mut self, arrivals: &Arrivals, tells_siblings: bool) {
        if tells_siblings {
            let sizes: Vec<String> = (1..=arrivals.siblings.len())
                .map(|size| size.to_string())
                .collect();
            let groups = sizes.iter().map(String::as_str).zip(arrivals.siblings);
            self.line("# families by how many children entered on one day");
            self.line(format!("siblings = {}", counts(groups)));
        } else {
            self.line("# WARNING: the return does not tell siblings; judgement, mean 1.4");
            let shares: Vec<String> = DEFAULT_SIBLINGS
                .iter()
                .enumerate()
                .map(|(index, share)| format!("\"{}\" = {share}", index + 1))
                .collect();
            self.line(format!("siblings = {{ {} }}", shares.join(", ")));
        }
    }

    fn legal_status(&mut self, arrivals: &Arrivals, is_general: bool) {
        let statuses = LegalKind::ALL.iter().zip(&arrivals.legal_statuses);
        let listed = statuses
            .filter(|(kind, count)| **count > 0.0 || is_general || **kind == LegalKind::Section20);
        self.line(format!(
            "legal_status = {}",
            counts(listed.map(|(kind, count)| (kind.words(), *count)))
        ));
    }

    /// Children who left before the start and will come back: the language
    /// follows only exits of its own, so they are a stream that dies away.
    fn returning(&mut self) {
        let pending = self.fit.pending();
        let [first, _, third] = pending.by_year;
        if first < FEWEST_RETURNS {
            return;
        }
        let growth = libm::sqrt((third / first).clamp(0.0025, 1.0));
        let rate = first / libm::sqrt(growth);
        let relative = self.fit.reentries.iter().map(|one| {
            let share = one.pending.by_year[0] / first;
            let relative = share * one.probability.1 / one.probability.0;
            relative * relative
        });
        let sd = rate * libm::sqrt(relative.sum());
        let by_year: Vec<String> = pending.by_year.iter().map(|one| number(*one)).collect();
        self.line("[[referrals]]");
        self.line(format!("name = {}", quote(RETURNING)));
        self.line(format!(
            "# expected in each of the next three years: {}",
            by_year.join(", ")
        ));
        self.line(format!("families_per_year = {}", moments(rate, sd)));
        self.line(format!("trend_per_year = {}", number(growth - 1.0)));
        let ages: Vec<String> = AGES
            .iter()
            .zip(pending.by_age)
            .map(|((name, _), share)| {
                let share = share / pending.by_age.iter().sum::<f64>();
                format!(
                    "{} = {{ events = {}, years = 1 }}",
                    quote(name),
                    number(100.0 * share)
                )
            })
            .collect();
        self.line("# shares of those who may come back, worth a hundred children");
        self.line(format!("age = {{ {} }}", ages.join(", ")));
        self.legal_status(&self.fit.general, true);
        let mut rows = String::new();
        for (row, (name, ages)) in ENTRY_AGES.iter().enumerate() {
            let found = &self.fit.general.placements[row];
            let kinds = PlacementKind::ALL.iter().zip(found);
            let listed = kinds.filter(|(kind, count)| **count > 0.0 || can_enter(**kind, ages.end));
            let counted = counts(listed.map(|(kind, count)| (kind.words(), *count)));
            let _ = writeln!(rows, "  \"{name}\" = {counted},");
        }
        self.line(format!("placement_by_age = {{\n{rows}}}"));
        self.source(": children who left and have not come back, each with the chance that is left by [[reentry]]. Legal status and placement as of first entries");
    }

    fn drifts(&mut self) {
        let fit = self.fit;
        self.line("[[drift]]\nname = \"admissions\"");
        match fit.general.rate {
            Rate::Drifting(ahead) => self.drift(ahead),
            Rate::Plain(_) => self.line(format!(
                "yearly_sd = {}\npersistence = 0.73",
                moments(
                    ADMISSIONS.yearly_sd,
                    ADMISSIONS.yearly_sd * ADMISSIONS.log_sd
                )
            )),
        }
        self.source(", weighed with the drift of England's councils (DfE starts of 120 councils, years to March 2011-17: 0.18 a year, correlation 0.73)");
        if let (Rate::Drifting(ahead), true) = (fit.asylum.rate, fit.has_asylum_stream()) {
            self.line(format!("[[drift]]\nname = {}", quote(ASYLUM)));
            self.drift(ahead);
            self.source(", weighed with judgement: 0.4 a year, correlation 0.73");
        }
        self.line("[[drift]]\nname = \"exits\"");
        let years: Vec<String> = fit
            .exits
            .years
            .iter()
            .map(|(seen, expected)| format!("{} of {expected:.1}", number(*seen)))
            .collect();
        self.line(format!(
            "# exits of those that the rates below expect, year by year: {}",
            years.join(", ")
        ));
        self.drift(fit.exits.ahead);
        self.source(", weighed with the drift of England's councils (DfE ceases under 16 of 93 councils, years to March 2012-17: 0.17 a year, correlation 0.67); holds also how well the level is known");
    }

    fn drift(&mut self, ahead: Ahead) {
        let sd = ahead.yearly_sd;
        self.line(format!(
            "yearly_sd = {}",
            moments(sd, sd * ahead.relative_sd)
        ));
        self.line(format!("persistence = {}", number(ahead.persistence)));
    }

    fn exits(&mut self) {
        self.line(format!(
            "# Exits. Each rate is what was seen in a cell of age and time in care, together\n# with a prior worth {PRIOR_EVENTS} events at England's rate times the council's own level for\n# that cause (log-normal, sd {LEVEL_SD}), which all cells of the cause tell. `factor` is the\n# level of all exits in the years ahead against the window's. The 18th birthday\n# comes by itself.\n"
        ));
        for cause in &self.fit.exits.causes {
            self.exit(cause);
        }
    }

    fn exit(&mut self, cause: &Cause) {
        let starts: Vec<String> = TIMES.iter().map(|from| number(*from)).collect();
        self.line("[[exit]]");
        self.line(format!("name = {}", quote(cause.kind.words())));
        self.line(format!("days_in_care = [{}]", starts.join(", ")));
        self.line(format!("factor = {}", number(self.fit.exits.ahead.mean)));
        self.line("drift = \"exits\"");
        let is_of_plan = self.fit.adoption.is_some() && cause.kind == ExitKind::Adoption;
        self.source(&format!(
            ": {} exits{}. Prior: {}England's rates of 2016-17 (DfE), by time in care judged",
            cause.events(),
            if is_of_plan {
                " outside a plan; for plans see the pathways"
            } else {
                ""
            },
            if is_of_plan { "one in twenty of " } else { "" }
        ));
        self.line("[exit.rates_per_year]");
        for (age, (name, _)) in AGES.iter().enumerate() {
            let row = age * TIMES.len()..(age + 1) * TIMES.len();
            let cells = &cause.cells[row.clone()];
            let seen: Vec<String> = cells
                .iter()
                .map(|cell| format!("{} in {}", cell.events, number(cell.years)))
                .collect();
            let rates: Vec<String> = cause.rates[row]
                .iter()
                .map(|rate| rate.map_or_else(|| "0".to_owned(), gamma))
                .collect();
            self.line(format!("# seen, in child-years: {}", seen.join(", ")));
            self.line(format!("{} = [{}]", quote(name), rates.join(", ")));
        }
        self.line("");
    }

    fn reentries(&mut self) {
        for reentry in &self.fit.reentries {
            self.reentry(reentry);
        }
    }

    fn reentry(&mut self, reentry: &Reentry) {
        let after: Vec<String> = reentry
            .group
            .after
            .iter()
            .map(|kind| quote(kind.words()))
            .collect();
        let (mean, sd) = reentry.probability;
        let (successes, failures) = reentry.group.prior;
        self.line("[[reentry]]");
        self.line(format!("after = [{}]", after.join(", ")));
        self.line(format!("probability = {}", beta(mean, sd)));
        self.line(format!(
            "time_days = {{ weibull = {{ shape = {}, scale = {} }} }}",
            reentry.shape,
            moments(reentry.scale.0, reentry.scale.1)
        ));
        self.source(&format!(
            ": {} returns after {} exits, the others censored. Prior: {successes} of {} exits return",
            reentry.returns,
            reentry.exits,
            successes + failures
        ));
    }

    fn status_changes(&mut self) {
        let (changes, left_out) = self.fit.status_changes_written();
        if changes.is_empty() {
            return;
        }
        self.line(
            "# Changes of legal status: the language moves a status by a pathway, here of one day.",
        );
        if !left_out.is_empty() {
            let events: f64 = left_out.iter().map(|one| one.events).sum();
            self.line(format!(
                "# {} rarer kinds of change with {events} changes in all are left out.",
                left_out.len()
            ));
        }
        for change in changes {
            let (from, to) = (change.from.words(), change.to.words());
            let enters = format!(
                "eligible = {{ legal_status = [{}] }}\nnew_cases_per_year = {}\n",
                quote(from),
                change_rate(change.events, change.years)
            );
            let leads_to = format!("legal_status = {}", quote(to));
            self.change(&format!("{from} to {to}"), &enters, &leads_to, "");
        }
    }

    /// Placement orders, and what follows: the language links one change to the
    /// next by a pathway that starts within about a day.
    fn adoption(&mut self, adoption: &Adoption) {
        self.line(format!("# Adoption: from the placement order to the match, to the placement, to the adoption\n# order. While a plan runs no other exit does. A plan that is reversed takes as long as\n# one that is not: a stage has one time. A child has one plan:\n# the status \"{AFTER_PLAN}\" keeps from another.\n"));
        for (band, (cell, rate)) in ORDER_BANDS
            .iter()
            .zip(adoption.orders.iter().zip(&adoption.rates))
        {
            let (days, filter) = match band.days_in_care {
                Some(days) => (
                    format!(", {days} days in care"),
                    format!(", days_in_care = {}", quote(days)),
                ),
                None => (String::new(), String::new()),
            };
            let name = format!("placement order, aged {}{days}", band.age);
            self.change(
                &name,
                &format!(
                    "eligible = {{ legal_status = [{}], age = {}{filter} }}\nnew_cases_per_year = {}\n",
                    not_ordered(),
                    quote(band.age),
                    gamma(*rate)
                ),
                ORDERED,
                &format!(
                    ": {} orders in {} child-years. Prior: England's adoptions of 2016-17 and plans reversed (DfE), by time in care judged, worth {PRIOR_EVENTS} orders",
                    cell.events,
                    number(cell.years)
                ),
            );
        }
        let unplaced: Vec<String> = PlacementKind::ALL
            .iter()
            .filter(|kind| **kind != PlacementKind::PlacedForAdoption)
            .map(|kind| quote(kind.words()))
            .collect();
        let placed = quote(PlacementKind::PlacedForAdoption.words());
        let to_placed = format!("{{ placement = {placed} }}");
        self.plan("family finding", &unplaced.join(", "), &to_placed, false);
        let source = self.stage_source(&adoption.matching, "matched and placed");
        self.stage(
            "match with adopters",
            &adoption.matching,
            GIVEN_UP,
            false,
            &source,
        );
        self.line("[[pathway.stage]]\nname = \"move to the adopters\"");
        self.line(format!("duration_days = {}", time(adoption.moving)));
        self.source(&format!(
            ": {} adopted children with a date of their match (AD1). Prior: a month (DfE 2019)",
            adoption.matches
        ));
        let to_adoption = format!("{{ exit = {} }}", quote(ExitKind::Adoption.words()));
        self.plan("adoption order", &placed, &to_adoption, true);
        let source = self.stage_source(&adoption.adopting, "adopted");
        self.stage(
            "settling in and court",
            &adoption.adopting,
            ENDED,
            true,
            &source,
        );
        let why = ": the care order that the placement order had set aside holds again";
        let reversed = format!("legal_status = {}", quote(AFTER_PLAN));
        self.change(GIVEN_UP, "", &reversed, why);
        let home = PlacementKind::InHouseFoster.words();
        let back = format!("{reversed}, placement = {}", quote(home));
        self.change(
            ENDED,
            "",
            &back,
            &format!("{why}; judgement: to foster carers"),
        );
    }

    /// A change within care, of one day.
    fn change(&mut self, name: &str, enters: &str, leads_to: &str, source: &str) {
        self.line("[[pathway]]");
        self.line(format!("name = {}", quote(name)));
        self.text.push_str(enters);
        self.line(format!("leads_to = {{ {leads_to} }}"));
        self.line("stage = [{ name = \"change\", duration_days = { fixed = 1 } }]");
        self.source(source);
    }

    /// The head of a pathway on which children under a placement order are.
    fn plan(&mut self, name: &str, placements: &str, leads_to: &str, is_placed: bool) {
        let cases = self.under_way(is_placed).len();
        self.line("[[pathway]]");
        self.line(format!("name = {}", quote(name)));
        self.line(format!(
            "eligible = {{ legal_status = [{}], placement = [{placements}] }}",
            quote(LegalKind::PlacementOrder.words())
        ));
        self.line(format!("cases = {cases}"));
        let causes = self.fit.exits.causes.iter();
        let exits: Vec<String> = causes.map(|cause| quote(cause.kind.words())).collect();
        self.line(format!("replaces = [{}]", exits.join(", ")));
        self.line("# at once: within about a day");
        self.line(format!("new_cases_per_year = {AT_ONCE}"));
        self.line(format!("leads_to = {leads_to}"));
        self.source(&format!(
            ": {cases} on the start date, each with the time so far"
        ));
    }

    /// Days in the stage so far of the children under a placement order.
    fn under_way(&self, is_placed: bool) -> Vec<i32> {
        let children = self.fit.cohort.children.iter();
        let mut days: Vec<i32> = children
            .filter(|child| (child.placement == PlacementKind::PlacedForAdoption) == is_placed)
            .filter_map(|child| match child.plan {
                PlanState::Runs(days) => Some(days),
                _ => None,
            })
            .collect();
        days.sort_unstable();
        days
    }

    fn stage(&mut self, name: &str, stage: &Stage, on_fail: &str, is_placed: bool, source: &str) {
        let (mean, sd) = stage.probability();
        self.line("[[pathway.stage]]");
        self.line(format!("name = {}", quote(name)));
        self.line(format!("duration_days = {}", time(stage.time)));
        self.line(format!("pass = {}", beta(mean, sd)));
        self.line(format!("on_fail = {{ change_to = {} }}", quote(on_fail)));
        let under_way: Vec<String> = self
            .under_way(is_placed)
            .chunk_by(|a, b| a == b)
            .map(|same| format!("{{ cases = {}, days = {} }}", same.len(), same[0]))
            .collect();
        if !under_way.is_empty() {
            self.line(format!("under_way = [{}]", under_way.join(", ")));
        }
        self.source(source);
    }

    fn stage_source(&self, stage: &Stage, passed: &str) -> String {
        format!(
            ": {} {passed}, {} reversed, {} not yet. Prior: stages of England's adoptions (DfE 2019), a fifth of plans reversed",
            stage.passed, stage.failed, stage.waiting
        )
    }
}

/// What a placement order leads to.
const ORDERED: &str = "legal_status = \"placement order\"";

/// Pathways of a plan that ends without an adoption.
const GIVEN_UP: &str = "plan for adoption reversed";
const ENDED: &str = "placement for adoption ended";

/// Every legal status but that of a placement order.
fn not_ordered() -> String {
    let others = LegalKind::ALL.iter();
    let others = others.filter(|kind| **kind != LegalKind::PlacementOrder);
    let names: Vec<String> = others.map(|kind| quote(kind.words())).collect();
    names.join(", ")
}

/// A time whose mean is log-normal.
fn time(time: MeanTime) -> String {
    let [p10, p90] = time.range().map(number);
    format!(
        "{{ weibull = {{ shape = {}, mean = {{ p10 = {p10}, p90 = {p90} }} }} }}",
        time.shape
    )
}

/// Least, likeliest and most pounds a week: defaults about published averages.
fn weekly_pounds(kind: PlacementKind) -> [u32; 3] {
    match kind {
        PlacementKind::InHouseFoster => [350, 500, 700],
        PlacementKind::Kinship => [200, 350, 550],
        PlacementKind::AgencyFoster => [700, 900, 1_200],
        PlacementKind::PlacedForAdoption => [0, 100, 300],
        PlacementKind::WithParents => [0, 50, 150],
        PlacementKind::Supported => [500, 900, 1_500],
        PlacementKind::ChildrensHome => [2_500, 4_000, 7_000],
        PlacementKind::OtherResidential => [1_500, 3_000, 5_500],
        PlacementKind::Other => [200, 800, 2_000],
    }
}

fn quote(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A number to five digits, without needless ones.
fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return "0".to_owned();
    }
    let digits = 4 - libm::floor(libm::log10(value.abs())) as i32;
    let text = format!("{value:.*}", digits.clamp(0, 12) as usize);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// `{ mean, sd }`, or the mean alone where nothing is left open.
fn moments(mean: f64, sd: f64) -> String {
    if sd > 1e-6 * mean {
        format!("{{ mean = {}, sd = {} }}", number(mean), number(sd))
    } else {
        number(mean)
    }
}

/// Counted events: the language adds half an event (Jeffreys).
fn events(events: f64, years: f64) -> String {
    format!(
        "{{ events = {}, years = {} }}",
        number(events),
        number(years)
    )
}

/// Counted changes of state. A state that nobody is in for long is left at most
/// twenty times a year, so that a few days watched make no wild rate.
fn change_rate(seen: f64, years: f64) -> String {
    events(seen, years.max((seen + 0.5) / 20.0))
}

/// A Gamma law in the language's own form.
fn gamma(rate: Gamma) -> String {
    if rate.shape >= 0.5 {
        events(rate.shape - 0.5, rate.years)
    } else {
        moments(rate.mean(), libm::sqrt(rate.shape) / rate.years)
    }
}

/// A probability by its mean and standard deviation, as successes and trials:
/// the language adds half a success and half a failure (Jeffreys).
fn beta(mean: f64, sd: f64) -> String {
    let strength = mean * (1.0 - mean) / (sd * sd) - 1.0;
    let (a, b) = (mean * strength, (1.0 - mean) * strength);
    if a >= 0.5 && b >= 0.5 {
        format!(
            "{{ successes = {}, trials = {} }}",
            number(a - 0.5),
            number(a + b - 1.0)
        )
    } else {
        moments(mean, sd)
    }
}

/// Counts that are drawn together as shares.
fn counts<'a>(named: impl Iterator<Item = (&'a str, f64)>) -> String {
    let counts: Vec<String> = named
        .map(|(name, count)| {
            format!(
                "{} = {{ events = {}, years = 1 }}",
                quote(name),
                number(count)
            )
        })
        .collect();
    format!("{{ {} }}", counts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_five_digits() {
        assert_eq!(number(1_234.5), "1234.5");
        assert_eq!(number(0.0), "0");
        assert_eq!(number(0.012_345_678), "0.012346");
        assert_eq!(number(100.0), "100");
        assert_eq!(number(-0.25), "-0.25");
        assert_eq!(number(123_456.0), "123456");
    }

    #[test]
    fn laws_come_back_as_they_were() {
        // Gamma of shape 4.5: four events and the half that the language adds.
        let law = Gamma {
            shape: 4.5,
            years: 9.0,
        };
        assert_eq!(gamma(law), "{ events = 4, years = 9 }");
        // Beta(3.5, 6.5): three successes in nine trials.
        let sd = libm::sqrt(0.35 * 0.65 / 11.0);
        assert_eq!(beta(0.35, sd), "{ successes = 3, trials = 9 }");
    }
}
