//! A column of figures, such as a percentile of every band: many of them come
//! again and again.
//!
//! The Parquet library moves each value into an array, looks it up behind a
//! pointer and again for the least and the greatest. Here one look is enough.

use super::pages::{Chunk, Dictionary, MOST_BITS, push_eights, push_packed, push_run, width_of};
use parquet::basic::Encoding;
use parquet::errors::Result as ParquetResult;
use parquet::file::statistics::Statistics;
use parquet::file::writer::SerializedRowGroupWriter;
use parquet::schema::types::ColumnDescPtr;
use std::io::Write;

/// Rows of a page, at most: many, so that scenarios are compressed together.
const PAGE: usize = 1 << 16;

/// A column of a row group, encoded.
pub(super) struct Figures {
    chunk: Chunk,
    dictionary: Option<(Vec<u8>, usize)>,
    statistics: Option<Statistics>,
}

impl Figures {
    /// Encodes figures as places in a dictionary, or as doubles where there are
    /// too many kinds of them.
    pub fn of_few_kinds(figures: &[f64]) -> Self {
        let mut kinds = Dictionary::default();
        let places = figures
            .iter()
            .map(|figure| u16::try_from(kinds.place(figure.to_bits())).ok());
        let Some(places) = places.collect::<Option<Vec<u16>>>() else {
            return Self::of_many_kinds(figures);
        };
        let kinds: Vec<f64> = kinds.values.into_iter().map(f64::from_bits).collect();
        let width = width_of(kinds.len());
        let mut chunk = Chunk::default();
        for places in places.chunks(PAGE) {
            let page = page_of(places, width);
            chunk.push(page, places.len(), Encoding::RLE_DICTIONARY);
        }
        let bytes = kinds.iter().flat_map(|figure| figure.to_le_bytes());
        Self {
            chunk,
            dictionary: Some((bytes.collect(), kinds.len())),
            statistics: Some(statistics(&kinds)),
        }
    }

    /// Encodes figures as doubles.
    pub fn of_many_kinds(figures: &[f64]) -> Self {
        let mut chunk = Chunk::default();
        for figures in figures.chunks(PAGE) {
            let bytes: Vec<[u8; 8]> = figures.iter().map(|figure| figure.to_le_bytes()).collect();
            chunk.push(bytes.into_flattened(), figures.len(), Encoding::PLAIN);
        }
        Self {
            chunk,
            dictionary: None,
            statistics: None,
        }
    }

    /// Writes the column into a row group as its next one.
    pub fn append_to<W: Write + Send>(
        self,
        row_group: &mut SerializedRowGroupWriter<'_, W>,
        column: ColumnDescPtr,
    ) -> ParquetResult<()> {
        let (dictionary, statistics) = (self.dictionary, self.statistics);
        self.chunk
            .append_to(row_group, column, dictionary, statistics)
    }
}

/// A page of places in so many bits each: runs of one place, and others packed,
/// in eights.
fn page_of(places: &[u16], width: u32) -> Vec<u8> {
    let mut page = vec![width as u8];
    let (eights, rest) = places.as_chunks::<8>();
    let only = |eight: &[u16; 8]| (*eight == [eight[0]; 8]).then_some(eight[0]);
    for alike in eights.chunk_by(|one, next| only(one) == only(next)) {
        match only(&alike[0]) {
            Some(place) => push_run(&mut page, width, place.into(), 8 * alike.len()),
            None => {
                push_eights(&mut page, alike.len());
                push_packed(&mut page, alike.as_flattened(), width);
            }
        }
    }
    if !rest.is_empty() {
        push_eights(&mut page, 1);
        push_packed(&mut page, rest, width);
    }
    page
}

const _: () = assert!(MOST_BITS == u16::BITS, "places are packed as they are");

/// The least and the greatest of some figures; what is no number is neither. The
/// format has zeros of both signs between them.
fn statistics(figures: &[f64]) -> Statistics {
    let known = figures.iter().copied().filter(|figure| !figure.is_nan());
    let signed = |zero: f64| move |end: f64| if end == 0.0 { zero } else { end };
    let least = known.clone().reduce(f64::min).map(signed(-0.0));
    let greatest = known.reduce(f64::max).map(signed(0.0));
    Statistics::double(least, greatest, None, Some(0), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_neither_least_nor_greatest() {
        let ends = |figures: &[f64]| match statistics(figures) {
            Statistics::Double(found) => {
                [found.min_opt(), found.max_opt()].map(|end| end.map(|end| end.to_bits()))
            }
            _ => panic!("figures are doubles"),
        };
        assert_eq!(ends(&[f64::NAN]), [None, None]);
        let bits = |ends: [f64; 2]| ends.map(|end| Some(end.to_bits()));
        assert_eq!(ends(&[f64::NAN, 0.0, 2.5]), bits([-0.0, 2.5]));
        assert_eq!(ends(&[-1.0, -0.0]), bits([-1.0, 0.0]));
    }
}
