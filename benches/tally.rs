//! From a future's spells and events to its months, and from futures to tiles.

mod common;

use common::{model, plan, play};
use divan::Bencher;
use divan::counter::ItemsCount;
use lacsim::engine::tally::Tally;
use lacsim::engine::tiles::{OpenTile, Room, TILE, Tiles};
use lacsim::engine::world::World;
use lacsim::luck::Seed;
use lacsim::model::layout::Period;

fn main() {
    divan::main();
}

const HEREFORDSHIRE: &str = "configs/herefordshire.toml";

/// Children who are all there from day 1 to the end.
const CHILDREN: i32 = 300;

/// Counts spells and folds them, as at the end of every future.
#[divan::bench]
fn count_and_fold(bencher: Bencher) {
    let plan = plan(HEREFORDSHIRE);
    let model = model(&plan, Some("as planned"));
    let luck = Seed(1).replicate(0);
    let parameters = plan.numbers.draw(&luck);
    let world = World::draw(model, &parameters, &luck);
    let calendar = model.calendar();
    let placement = model.reporting.counters.placement;
    let mut tally = Tally::new(model);
    let mut fold = || {
        tally.clear();
        for _ in 0..CHILDREN {
            tally.spell(calendar, placement, 1, calendar.horizon() + 1);
        }
        tally.fold(&world);
        tally
            .counts
            .iter()
            .map(|&count| i64::from(count))
            .sum::<i64>()
            + tally.pence.iter().sum::<i64>()
    };
    let (first, again) = (fold(), fold());
    assert!(first > i64::from(CHILDREN) && first == again);
    bencher
        .counter(ItemsCount::new(CHILDREN as usize))
        .bench_local(fold);
}

/// Stores a tile of futures and takes one month of it back.
#[divan::bench]
fn store_and_take(bencher: Bencher) {
    let plan = plan(HEREFORDSHIRE);
    let layout = plan.layout();
    let population = layout
        .find("population", "all", "all")
        .expect("always counted");
    let counts: Vec<i32> = (0..).take(layout.count_cells()).collect();
    let pence: Vec<i64> = (0..).take(layout.pence_cells()).collect();
    let expected = layout.first_cell(population) as i64;
    bencher.counter(ItemsCount::new(TILE)).bench_local(|| {
        let (mut tile, mut room) = (OpenTile::zeros(layout), Room::default());
        for lane in 0..TILE {
            tile.store(lane, &counts, &pence);
        }
        let column = Tiles::new(TILE, vec![tile.close(TILE, &mut room)]).column(
            layout,
            population,
            Period::Month(0),
        );
        assert_eq!(column, [expected; TILE]);
        column
    });
}

/// Takes a financial year of spend out of many tiles.
#[divan::bench]
fn take_a_year(bencher: Bencher) {
    let plan = plan(HEREFORDSHIRE);
    let layout = plan.layout();
    let (tiles, _) = play(&plan, model(&plan, None), 1_024);
    let spend = layout
        .find("spend", "all", "all")
        .expect("the plan has prices");
    let months = layout.calendar().financial_years()[1].months.clone();
    let by_month: i64 = months
        .map(|month| tiles.column(layout, spend, Period::Month(month))[1_023])
        .sum();
    bencher
        .counter(ItemsCount::new(1_024_usize))
        .bench_local(|| {
            let column = tiles.column(layout, spend, Period::FinancialYear(1));
            assert_eq!(column[1_023], by_month);
            column
        });
}
