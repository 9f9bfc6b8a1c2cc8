//! Plays replicates: children in, tallies out.

mod aftermath;
mod agenda;
pub mod arrivals;
pub mod askers;
mod cohort;
pub mod company;
mod counting;
mod course;
mod crowd;
pub mod delivery;
mod entrants;
mod hearings;
pub mod life;
pub mod phase;
mod pick;
mod places;
mod plan;
mod queue;
pub mod record;
pub mod replicate;
mod stay;
pub mod tally;
mod ticking;
pub mod tiles;
mod walk;
pub mod world;

use crate::luck::{Luck, Seed};
use crate::model::Model;
use crate::model::numbers::ParameterSet;
use company::Company;
use rayon::prelude::*;
use record::{Note, Silent};
use replicate::{Stage, play};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tally::Tally;
use tiles::{OpenTile, Room, TILE, Tile, Tiles};
use world::World;

/// Marks the chance of a twin: a second future under the same parameters.
const TWIN: u32 = 1 << 31;

/// How far a run has come, and whether it must stop.
#[derive(Debug, Default)]
pub struct Progress {
    /// Replicates played, over all scenarios.
    pub replicates: AtomicU64,
    /// Children played.
    pub children: AtomicU64,
    /// Set from outside to stop.
    pub stop: Arc<AtomicBool>,
}

/// The run was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

/// Which future of a replicate is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chance {
    /// Its own.
    Own,
    /// Its twin's: the same parameters, other luck.
    Twin,
}

/// Plays a range of replicates of one scenario, all at once on every thread.
///
/// Every draw is keyed by seed, replicate, person and purpose, so the result is
/// the same for any number of threads and any split of the range.
///
/// # Errors
/// [`Stopped`] when `progress.stop` was set meanwhile.
pub fn run_replicates(
    model: &Model,
    numbers: &ParameterSet,
    seed: Seed,
    replicates: Range<u32>,
    chance: Chance,
    progress: &Progress,
) -> Result<Tiles, Stopped> {
    let company = Company::of_one(model);
    let mut tiles = run_company(&company, numbers, seed, replicates, chance, progress)?;
    Ok(tiles.pop().expect("one model gives one set of tallies"))
}

/// Plays a range of replicates of the scenarios of a company; tallies in the
/// order of its models, the same as each would have by itself.
///
/// # Errors
/// [`Stopped`] when `progress.stop` was set meanwhile.
pub fn run_company(
    company: &Company<'_>,
    numbers: &ParameterSet,
    seed: Seed,
    replicates: Range<u32>,
    chance: Chance,
    progress: &Progress,
) -> Result<Vec<Tiles>, Stopped> {
    let count = replicates.len();
    let starts: Vec<u32> = replicates.clone().step_by(TILE).collect();
    // Tables of times are made side by side before they are needed; some take
    // much longer than others.
    for model in &company.models {
        let curves = model.curves.par_iter().with_max_len(1);
        curves.for_each(|curve| {
            curve.shares();
        });
    }
    // Desks where nobody plays at the moment; as many as threads.
    let spare: Mutex<Vec<Desk>> = Mutex::default();
    let tiles: Result<Vec<Vec<Tile>>, Stopped> = starts
        .into_par_iter()
        .map_init(
            || Player::new(company),
            |player, start| {
                if progress.stop.load(Ordering::Relaxed) {
                    return Err(Stopped);
                }
                let desk = spare.lock().expect(HELD_BRIEFLY).pop();
                let mut desk = desk.unwrap_or_else(|| Desk::new(company));
                let Desk { stage, open, room } = &mut desk;
                let lanes = start..replicates.end.min(start + TILE as u32);
                let mut children = 0;
                for (lane, replicate) in lanes.clone().enumerate() {
                    let keep = |model: usize, tally: &Tally| {
                        open[model].store(lane, &tally.counts, &tally.pence);
                    };
                    children += player.replicate(stage, numbers, seed, replicate, chance, keep);
                }
                let played = (lanes.len() * open.len()) as u64;
                progress.replicates.fetch_add(played, Ordering::Relaxed);
                progress.children.fetch_add(children, Ordering::Relaxed);
                let closed = open.iter().map(|tile| tile.close(lanes.len(), room));
                let closed = closed.collect();
                spare.lock().expect(HELD_BRIEFLY).push(desk);
                Ok(closed)
            },
        )
        .collect();
    let mut by_model: Vec<Vec<Tile>> = company.models.iter().map(|_| Vec::new()).collect();
    for tiles in tiles? {
        for (mine, tile) in by_model.iter_mut().zip(tiles) {
            mine.push(tile);
        }
    }
    let joined = by_model.into_iter().map(|tiles| Tiles::new(count, tiles));
    Ok(joined.collect())
}

/// Nothing that could fail is done under the lock.
const HELD_BRIEFLY: &str = "the lock is held for a push or a pop";

/// What one thread plays tiles on.
struct Desk {
    stage: Stage,
    /// A tile of each model.
    open: Vec<OpenTile>,
    room: Room,
}

impl Desk {
    fn new(company: &Company<'_>) -> Self {
        let layout = &company.models[0].reporting.layout;
        let models = company.models.iter();
        Self {
            stage: Stage::new(company.models[0]),
            open: models.map(|_| OpenTile::zeros(layout)).collect(),
            room: Room::default(),
        }
    }
}

/// Plays lists of replicates, each of its own model, all at once on every
/// thread; for each replicate of each list, what `take` reads from its tally.
///
/// # Errors
/// [`Stopped`] when `progress.stop` was set meanwhile.
pub fn play_jobs<T: Send>(
    jobs: &[Vec<u32>],
    model_of: impl Fn(usize) -> Model + Sync,
    numbers: &ParameterSet,
    seed: Seed,
    progress: &Progress,
    take: impl Fn(&Tally) -> T + Sync,
) -> Result<Vec<Vec<T>>, Stopped> {
    jobs.par_iter()
        .enumerate()
        .map(|(job, replicates)| {
            let model = model_of(job);
            let company = Company::of_one(&model);
            let (player, mut stage) = (Player::new(&company), Stage::new(&model));
            replicates
                .iter()
                .map(|&replicate| {
                    if progress.stop.load(Ordering::Relaxed) {
                        return Err(Stopped);
                    }
                    let mut taken = None;
                    let keep = |_, tally: &Tally| taken = Some(take(tally));
                    player.replicate(&mut stage, numbers, seed, replicate, Chance::Own, keep);
                    Ok(taken.expect("every replicate has a tally"))
                })
                .collect()
        })
        .collect()
}

/// Plays replicates of a company.
struct Player<'m> {
    company: &'m Company<'m>,
    /// The worlds of every replicate, where nothing is uncertain.
    certain: Option<Vec<World<'m>>>,
}

impl<'m> Player<'m> {
    fn new(company: &'m Company<'m>) -> Self {
        let is_certain = company.models.iter().all(|model| model.is_certain);
        Self {
            company,
            certain: is_certain.then(|| worlds(company, &[], &Seed(0).replicate(0))),
        }
    }

    /// Plays one replicate and hands over each model's tally.
    fn replicate(
        &self,
        stage: &mut Stage,
        numbers: &ParameterSet,
        seed: Seed,
        replicate: u32,
        chance: Chance,
        done: impl FnMut(usize, &Tally),
    ) -> u64 {
        let luck = match chance {
            Chance::Own => seed.replicate(replicate),
            Chance::Twin => seed.replicate(replicate | TWIN),
        };
        let drawn;
        let worlds = match &self.certain {
            Some(worlds) => worlds,
            None => {
                let parameters = numbers.draw(&seed.replicate(replicate));
                drawn = worlds(self.company, &parameters, &luck);
                &drawn
            }
        };
        play(worlds, self.company.apart, &luck, stage, &mut Silent, done)
    }
}

/// The worlds of a company's models in one replicate.
fn worlds<'m>(company: &Company<'m>, parameters: &[f64], luck: &Luck) -> Vec<World<'m>> {
    let (lead, others) = company.models.split_first().expect("a company has a lead");
    let mut worlds = vec![World::draw(lead, parameters, &luck.branch())];
    for model in others {
        let beside = worlds[0].draw_beside(model, parameters, &luck.branch());
        worlds.push(beside);
    }
    worlds
}

/// A future whose parameters and chance need not be of one replicate.
#[derive(Debug, Clone, PartialEq)]
pub struct Mixture {
    /// Parameters, in the order of their index.
    pub parameters: Vec<f64>,
    /// Replicate whose chance it has.
    pub chance: u32,
}

/// Plays mixtures of one scenario, all at once on every thread.
///
/// # Errors
/// [`Stopped`] when `progress.stop` was set meanwhile.
pub fn run_mixtures(
    model: &Model,
    seed: Seed,
    mixtures: &[Mixture],
    progress: &Progress,
) -> Result<Tiles, Stopped> {
    let company = &Company::of_one(model);
    let tiles: Result<Vec<Tile>, Stopped> = mixtures
        .par_chunks(TILE)
        .map_init(
            || Stage::new(model),
            |stage, mixtures| {
                if progress.stop.load(Ordering::Relaxed) {
                    return Err(Stopped);
                }
                let mut tile = OpenTile::zeros(&model.reporting.layout);
                for (lane, mixture) in mixtures.iter().enumerate() {
                    let luck = seed.replicate(mixture.chance);
                    let worlds = worlds(company, &mixture.parameters, &luck);
                    let keep = |_, tally: &Tally| tile.store(lane, &tally.counts, &tally.pence);
                    play(&worlds, company.apart, &luck, stage, &mut Silent, keep);
                }
                let played = mixtures.len() as u64;
                progress.replicates.fetch_add(played, Ordering::Relaxed);
                Ok(tile.close(mixtures.len(), &mut Room::default()))
            },
        )
        .collect();
    Ok(Tiles::new(mixtures.len(), tiles?))
}

/// Plays one replicate of a scenario again, listening: everything that
/// happened, in the order in which it was worked out.
pub fn listen(model: &Model, numbers: &ParameterSet, seed: Seed, replicate: u32) -> Vec<Note> {
    let luck = seed.replicate(replicate);
    let parameters = numbers.draw(&seed.replicate(replicate));
    let company = Company::of_one(model);
    let mut notes = Vec::new();
    play(
        &worlds(&company, &parameters, &luck),
        0,
        &luck,
        &mut Stage::new(model),
        &mut notes,
        |_, _| {},
    );
    notes
}
