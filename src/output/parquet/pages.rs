//! Column chunks that are encoded here: pages of the format's own encodings,
//! compressed and put into a row group.

use bytes::Bytes;
use foldhash::fast::RandomState;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, SerializedRowGroupWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use std::collections::HashMap;
use std::hash::Hash;
use std::io::Write;

/// One column of a row group.
#[derive(Default)]
pub(super) struct Chunk {
    rows: usize,
    data: Vec<CompressedPage>,
}

impl Chunk {
    /// Adds a page of rows, in an encoding.
    pub fn push(&mut self, bytes: Vec<u8>, rows: usize, encoding: Encoding) {
        let page = Page::DataPage {
            buf: bytes.into(),
            num_values: rows as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        self.rows += rows;
        self.data.push(compressed(page));
    }

    /// Writes the chunk into a row group as its next column: the dictionary of
    /// its pages, so many values in their plain encoding, if they have one.
    pub fn append_to<W: Write + Send>(
        self,
        row_group: &mut SerializedRowGroupWriter<'_, W>,
        column: ColumnDescPtr,
        dictionary: Option<(Vec<u8>, usize)>,
        statistics: Option<Statistics>,
    ) -> ParquetResult<()> {
        let mut chunk = TrackedWrite::new(Vec::new());
        let mut pages = SerializedPageWriter::new(&mut chunk);
        let mut encodings = vec![Encoding::PLAIN, Encoding::RLE];
        let (mut dictionary_at, mut data_at, mut uncompressed) = (None, None, 0);
        if let Some((bytes, values)) = dictionary {
            encodings.push(Encoding::RLE_DICTIONARY);
            let written = pages.write_page(compressed(Page::DictionaryPage {
                buf: bytes.into(),
                num_values: values as u32,
                encoding: Encoding::PLAIN,
                is_sorted: false,
            }))?;
            dictionary_at = Some(written.offset as i64);
            uncompressed += written.uncompressed_size;
        }
        for page in self.data {
            let written = pages.write_page(page)?;
            data_at = data_at.or(Some(written.offset as i64));
            uncompressed += written.uncompressed_size;
        }
        let bytes = chunk.into_inner()?;
        let mut metadata = ColumnChunkMetaData::builder(column)
            .set_compression(Compression::SNAPPY)
            .set_encodings(encodings)
            .set_total_compressed_size(bytes.len() as i64)
            .set_total_uncompressed_size(uncompressed as i64)
            .set_num_values(self.rows as i64)
            .set_dictionary_page_offset(dictionary_at)
            .set_data_page_offset(data_at.unwrap_or_default());
        if let Some(statistics) = statistics {
            metadata = metadata.set_statistics(statistics);
        }
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: self.rows as u64,
            metadata: metadata.build()?,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        row_group.append_column(&Bytes::from(bytes), close)
    }
}

/// The different values of a chunk, each in the place in which it first came.
#[derive(Debug)]
pub(super) struct Dictionary<V> {
    pub values: Vec<V>,
    pub places: HashMap<V, u32, RandomState>,
}

impl<V> Default for Dictionary<V> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            places: HashMap::default(),
        }
    }
}

impl<V: Clone + Eq + Hash> Dictionary<V> {
    /// The place of a value, of a new one the next.
    pub fn place(&mut self, value: V) -> u32 {
        debug_assert_eq!(self.places.len(), self.values.len(), "all are known");
        let fresh = self.values.len() as u32;
        let place = *self.places.entry(value.clone()).or_insert(fresh);
        if place == fresh {
            self.values.push(value);
        }
        place
    }
}

/// A page whose bytes are compressed, with the size that they had before.
fn compressed(mut page: Page) -> CompressedPage {
    let size = page.buffer().len();
    let (Page::DataPage { buf, .. }
    | Page::DataPageV2 { buf, .. }
    | Page::DictionaryPage { buf, .. }) = &mut page;
    let bytes = snap::raw::Encoder::new().compress_vec(buf);
    *buf = bytes.expect("a page takes less than 4 GB").into();
    CompressedPage::new(page, size)
}

/// How many bits the places among so many values take.
pub(super) fn width_of(values: usize) -> u32 {
    let highest = values.saturating_sub(1).max(1) as u32;
    u32::BITS - highest.leading_zeros()
}

/// Adds a run to a page of places in a dictionary: so many rows of one place,
/// its length doubled as a varint and the place in whole bytes.
pub(super) fn push_run(bytes: &mut Vec<u8>, width: u32, place: u32, rows: usize) {
    push_varint(bytes, rows << 1);
    bytes.extend_from_slice(&place.to_le_bytes()[..width.div_ceil(8) as usize]);
}

/// Begins packed places: so many eights of them follow.
pub(super) fn push_eights(bytes: &mut Vec<u8>, eights: usize) {
    push_varint(bytes, eights << 1 | 1);
}

fn push_varint(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Most bits in which numbers are packed.
pub(super) const MOST_BITS: u32 = 16;

/// Adds numbers in so many bits each, up to [`MOST_BITS`], from the lowest bit
/// on: in eights, with zeros behind the last.
pub(super) fn push_packed(bytes: &mut Vec<u8>, numbers: &[u16], width: u32) {
    assert!(width <= MOST_BITS);
    // Eight numbers are stored in sixteen bytes, of which the next eight
    // numbers take those that these do not need.
    const ROOM: usize = 16;
    let taken = width as usize;
    let mut to = bytes.len();
    bytes.resize(to + numbers.len().div_ceil(8) * taken + ROOM, 0);
    let mut push = |eight: &[u16; 8]| {
        let four = |from: usize| {
            let four = eight[from..from + 4].iter().rev();
            four.fold(0_u64, |bits, &number| bits << width | u64::from(number))
        };
        let eight = u128::from(four(0)) | u128::from(four(4)) << (4 * width);
        bytes[to..to + ROOM].copy_from_slice(&eight.to_le_bytes());
        to += taken;
    };
    let (eights, rest) = numbers.as_chunks::<8>();
    eights.iter().for_each(&mut push);
    if !rest.is_empty() {
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        push(&last);
    }
    bytes.truncate(to);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_packed_from_the_lowest_bit_on() {
        for width in 1..=MOST_BITS {
            for count in [0, 1, 7, 8, 9, 40, 41] {
                let number = |place: usize| (place * 40_503 % (1 << width)) as u16;
                let numbers: Vec<u16> = (0..count).map(number).collect();
                let mut bytes = vec![7];
                push_packed(&mut bytes, &numbers, width);
                assert_eq!(bytes.len(), 1 + count.div_ceil(8) * width as usize);
                assert_eq!(bytes[0], 7);
                let bit = |bit: usize| u16::from(bytes[1 + bit / 8] >> (bit % 8) & 1);
                for place in 0..8 * count.div_ceil(8) {
                    let bits = (0..width as usize).map(|one| (one, place * width as usize + one));
                    let found = bits.fold(0, |sum, (one, at)| sum | bit(at) << one);
                    assert_eq!(found, numbers.get(place).copied().unwrap_or_default());
                }
            }
        }
    }
}
