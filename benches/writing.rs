//! Parquet files: the bands of a scenario, and 10,000 futures of a series.

mod common;

use common::{model, plan, play};
use divan::Bencher;
use divan::counter::ItemsCount;
use lacsim::forecast::columns::{Scale, SeriesName};
use lacsim::forecast::kept::{Group, WholeColumn};
use lacsim::forecast::{Catalogue, Comparison, Context, ScenarioColumns, forecast_scenario};
use lacsim::model::layout::{Period, Unit};
use lacsim::output::new_files::NewFiles;
use lacsim::output::parquet::{Metadata, ReplicateWriter, write_bands};

fn main() {
    divan::main();
}

fn metadata() -> Metadata {
    Metadata {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: 1,
        scenario_sha256: "ab".repeat(32),
    }
}

#[divan::bench]
fn bands_of_herefordshire(bencher: Bencher) {
    let plan = plan("configs/herefordshire.toml");
    let layout = plan.layout();
    let (tiles, _) = play(&plan, model(&plan, Some("as planned")), 64);
    let comparison = Comparison::new(layout, &tiles);
    let catalogue = Catalogue::new(layout, &Context::default());
    let columns = ScenarioColumns::new(&catalogue, &tiles, &comparison);
    let forecast = forecast_scenario("as planned", &columns, &[]);
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let rows = forecast.bands.len();
    bencher.counter(ItemsCount::new(rows)).bench_local(|| {
        let record = write_bands(
            &NewFiles::in_folder(folder.path()),
            &metadata(),
            &[&forecast],
        );
        assert_eq!(
            record.expect("the disk is not full").rows,
            Some(rows as u64)
        );
    });
}

#[divan::bench]
fn replicates(bencher: Bencher) {
    const MONTHS: usize = 30;
    const FUTURES: usize = 10_000;
    let plan = plan("configs/herefordshire.toml");
    let series = SeriesName::total("population", Unit::Children);
    let columns: Vec<WholeColumn> = (0..MONTHS)
        .map(|month| WholeColumn {
            date: plan.layout().period_date(Period::Month(month)),
            scale: Scale::Children,
            wholes: (0..FUTURES)
                .map(|future| (250 + (future * 7 + month) % 97) as i64)
                .collect(),
        })
        .collect();
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let rows = MONTHS * FUTURES;
    bencher.counter(ItemsCount::new(rows)).bench_local(|| {
        let mut writer = ReplicateWriter::create(&NewFiles::in_folder(folder.path()), &metadata())
            .expect("a fresh folder");
        let group = Group {
            series: &series,
            period: "month",
            first: 0,
            columns: &columns,
        };
        writer
            .write("as planned", 0, group)
            .expect("the disk is not full");
        let record = writer.finish().expect("the disk is not full");
        assert_eq!(record.rows, Some(rows as u64));
    });
}
