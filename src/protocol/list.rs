//! Lists, without the ways to panic that the standard library's have: a panic whose message has a number in
//! it brings along all that prints numbers.

use core::mem::swap;

/// Takes out what is at a place. What comes after it moves up.
pub fn take_at<T>(list: &mut Vec<T>, at: usize) -> Option<T> {
    let mut rest = list.get_mut(at..)?.iter_mut();
    let mut last = rest.next()?;
    for next in rest {
        swap(last, next);
        last = next;
    }
    list.pop()
}

/// Takes out the first that is so.
pub fn take<T>(list: &mut Vec<T>, is_so: impl FnMut(&T) -> bool) -> Option<T> {
    let at = list.iter().position(is_so)?;
    take_at(list, at)
}

/// Puts something in at a place, or at the end. What comes after it moves down.
pub fn put_at<T>(list: &mut Vec<T>, at: usize, mut item: T) {
    for next in list.iter_mut().skip(at) {
        swap(next, &mut item);
    }
    list.push(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_others_keep_their_order() {
        let mut list = vec!['a', 'b', 'c', 'd'];
        assert_eq!(take_at(&mut list, 1), Some('b'));
        assert_eq!(take(&mut list, |item| *item > 'a'), Some('c'));
        assert_eq!(list, ['a', 'd']);
        put_at(&mut list, 1, 'b');
        put_at(&mut list, 9, 'z');
        assert_eq!(list, ['a', 'b', 'd', 'z']);
    }

    #[test]
    fn where_nothing_is_nothing_is_taken() {
        let mut list = vec!['a'];
        assert_eq!((take_at(&mut list, 1), take(&mut list, |item| *item == 'b')), (None, None));
        assert_eq!(take_at(&mut list, 0), Some('a'));
        assert_eq!(take_at(&mut list, 0), None);
    }
}
